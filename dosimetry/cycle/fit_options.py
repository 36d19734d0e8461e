"""What ``dosimetry fit`` is asked: each option read, and refused by its name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dosimetry.patient.measurements.columns import read_decay_correction
from dosimetry.patient.measurements.moments import read_at
from dosimetry.patient.scan_time import Administration
from dosimetry.patient.schema import ESTIMATORS, LEAST_SQUARES
from dosimetry.patient.values import read_amount
from dosimetry.problems import InputError, in_words, quote, refuse
from dosimetry.reference import nuclides
from dosimetry.reference import regions as regions_figures
from dosimetry.units import parse_quantity

T = TypeVar("T")


@dataclass(frozen=True)
class FitOptions:
    """Options of fits without a patient, as text.

    Attributes
    ----------
    administered : str
        Administered activity, as in ``7.21 GBq``.
    nuclide : str
    models : sequence of str
        ``MODEL`` for all regions or ``REGION=MODEL`` for one; a later one replaces an earlier one.
    bootstrap : int or None
        Number of refits of every curve, for the distribution of its TIA.
    estimator : str
        ``least-squares`` or ``posterior``.
    prior : str or None
        Region whose half-lives are the prior of every curve, with the posterior; None for those of
        each curve's own region.
    injected_at : str or None
        Date and time of the injection, for scans with a date and time.
    decay_corrected_to : str
        ``none`` or ``administration``.
    weight : str or None
        Of the patient, as in ``80 kg``, for SUV.

    Examples
    --------
    >>> FitOptions("200 mCi").administration().activity
    7400.0
    """

    administered: str
    nuclide: str = "Lu-177"
    models: Sequence[str] = ("auto",)
    bootstrap: int | None = None
    estimator: str = LEAST_SQUARES
    prior: str | None = None
    injected_at: str | None = None
    decay_corrected_to: str = "none"
    weight: str | None = None

    def administration(self) -> Administration:
        """Return what values relative to the administered activity are resolved with."""
        activity = _option("--administered", lambda: parse_quantity(self.administered, "MBq"))
        if activity <= 0:
            raise refuse(
                "not-positive", f"{quote(self.administered)} is not positive", "", "--administered"
            )
        weight = self.weight
        return Administration(
            activity,
            nuclides.half_life(self.nuclide),
            _option("--weight", lambda: read_amount(weight, "kg").to("g").value)
            if weight
            else None,
            _option("--decay-corrected-to", lambda: read_decay_correction(self.decay_corrected_to)),
        )

    def injection(self) -> dt.datetime | None:
        """Return the time of the injection, where it is given."""
        at = self.injected_at
        return None if at is None else _option("--at", lambda: read_at(at))

    def check_bootstrap(self) -> None:
        """Refuse refits beside the posterior."""
        if self.bootstrap is not None and self.estimator != LEAST_SQUARES:
            raise refuse(
                "bootstrap-not-used",
                "the posterior has its distribution already; refits are of least squares",
                "remove --bootstrap, or --estimator",
                "--bootstrap",
            )

    def prior_region(self) -> str | None:
        """Return the region whose half-lives are the prior of every curve."""
        if self.estimator not in ESTIMATORS:
            raise refuse(
                "unknown-estimator",
                f"estimator {quote(self.estimator)} is not known",
                f"write one of {', '.join(ESTIMATORS)}",
                "--estimator",
            )
        prior = self.prior
        if prior is None:
            return None
        if self.estimator == LEAST_SQUARES:
            raise refuse(
                "prior-not-used",
                "least squares has no prior",
                "add --estimator posterior, or remove --prior",
                "--prior",
            )
        return _option("--prior", lambda: regions_figures.measured_region(prior))

    def model_of(self, regions: Mapping[str, object]) -> dict[str, str]:
        """Return the model by region; the empty name has the model of all other regions."""
        chosen = {"": "auto"}
        for text in self.models:
            region, _, model = text.rpartition("=")
            name = regions_figures.region(region).name if region else ""
            if name and name not in regions:
                raise refuse(
                    "model-without-curve",
                    f"{in_words([name])} is not in the file",
                    f"regions: {', '.join(regions)}",
                    "--model",
                )
            chosen[name] = model
        return chosen


def _option(name: str, read: Callable[[], T]) -> T:
    """Return the value of an option; place what is wrong at its name."""
    try:
        return read()
    except InputError as error:
        raise error.at(name) from None
