"""Fits of a file of measurements without a patient, for ``dosimetry fit``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from dosimetry.cycle.course_curves import CurveToEstimate, estimated_together, to_estimate
from dosimetry.cycle.curve_prior import curve_prior
from dosimetry.cycle.scan_fit import doubted, said_of, task_of
from dosimetry.documents.fit import (
    FIT_SCHEMA,
    Information,
    IntegratedActivity,
    ModelWeight,
    Parameter,
)
from dosimetry.documents.write import to_json
from dosimetry.files import read_input
from dosimetry.patient.measurements.columns import read_decay_correction
from dosimetry.patient.measurements.moments import read_at
from dosimetry.patient.measurements.read import read_csv
from dosimetry.patient.measurements.rows import Context
from dosimetry.patient.measurements.scan import Measurements, Scan
from dosimetry.patient.scan_time import Administration, at_scan_time
from dosimetry.patient.schema import ESTIMATORS, LEAST_SQUARES
from dosimetry.patient.values import read_amount
from dosimetry.physics.bootstrap import bootstrap_tia
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.fitting import check_model
from dosimetry.problems import FilePlace, InputError, Problem, in_words, quote, refuse
from dosimetry.quantities import Amount, Distribution, Estimate, tia_in_words
from dosimetry.reference import nuclides
from dosimetry.reference import regions as regions_figures
from dosimetry.units import parse_quantity

T = TypeVar("T")
# Unit of a TIA -> its unit per MBq administered; kBq/mL is MBq/L.
PER_ACTIVITY = {"MBq*h": "h", "kBq/mL*h": "h/L"}


@dataclass(frozen=True, repr=False)
class CurveReport:
    """One fitted curve, as ``dosimetry fit`` prints it.

    Attributes
    ----------
    cycle : int
        Always 1.
    region : str
    model : str
        ``mono``, ``uptake``, ``bi``, ``bi-uptake`` or ``trapezoid``.
    choice : str
        How the model was chosen.
    tia : Estimate
        Time-integrated activity in ``MBq*h``, or ``kBq/mL*h`` of a concentration: of the best fit,
        or the mean of the posterior, which gives the sd of both.
    tia_coefficient : Estimate
        Per administered activity, in h, or ``h/L`` of a concentration.
    effective_half_life : Estimate
        Of the slowest phase, in h.
    biological_half_life : Amount or None
        In h; None where no clearance was seen.
    parameters : tuple of Parameter
    chi2 : float
    dof : int
        Degrees of freedom: points less parameters.
    p_value : float or None
        Of chi-square; None without degrees of freedom.
    aicc_weights : dict of str to float
        Akaike weights of the candidate models; they add up to 1.
    warnings : tuple of Problem
    tia_bootstrap : Distribution or None
        TIA over refits, in the unit of ``tia``.
    tia_posterior : IntegratedActivity or None
        Mean, sd and percentiles of the TIA, in the unit of ``tia``; None of a trapezoid.
    information : Information or None
        On the half-life; None with least squares.
    models : tuple of ModelWeight
        Models that were averaged.
    """

    cycle: int
    region: str
    model: str
    choice: str
    tia: Estimate
    tia_coefficient: Estimate
    effective_half_life: Estimate
    biological_half_life: Amount | None
    parameters: tuple[Parameter, ...]
    chi2: float
    dof: int
    p_value: float | None
    aicc_weights: dict[str, float]
    warnings: tuple[Problem, ...]
    tia_bootstrap: Distribution | None = None
    tia_posterior: IntegratedActivity | None = None
    information: Information | None = None
    models: tuple[ModelWeight, ...] = ()

    def __repr__(self) -> str:
        return f"<CurveReport {self.region}: {self.model}, {tia_in_words(self.tia)}>"


@dataclass(frozen=True)
class CurveDocument:
    """The curves of one file.

    Attributes
    ----------
    schema : str
        ``dosimetry/fit/1``.
    curves : tuple of CurveReport
    """

    schema: str
    curves: tuple[CurveReport, ...]

    def to_json(self) -> str:
        """Return the curves as JSON, the same bytes for the same input."""
        return to_json(self)


def fit_file(
    path: str | Path,
    administered: str,
    nuclide: str = "Lu-177",
    models: Sequence[str] = ("auto",),
    bootstrap: int | None = None,
    estimator: str = LEAST_SQUARES,
    prior: str | None = None,
    injected_at: str | None = None,
    decay_corrected_to: str = "none",
    weight: str | None = None,
) -> CurveDocument:
    """Fit every region of a measurement file.

    Parameters
    ----------
    path : path
        CSV with columns region, time, activity (or concentration), and optionally sd, volume and
        recovery. ``-`` is standard input.
    administered : str
        Administered activity, as in ``7.21 GBq``.
    nuclide : str
    models : sequence of str
        ``MODEL`` for all regions or ``REGION=MODEL`` for one; a later one replaces an earlier one.
    bootstrap : int, optional
        Number of refits of every curve, for the distribution of its TIA.
    estimator : str
        ``least-squares`` or ``posterior``.
    prior : str, optional
        Region whose half-lives are the prior of every curve, with the posterior; by default each
        curve has that of its own region.
    injected_at : str, optional
        Date and time of the injection, for scans with a date and time.
    decay_corrected_to : str
        ``none`` or ``administration``.
    weight : str, optional
        Of the patient, as in ``80 kg``, for SUV.

    Returns
    -------
    CurveDocument

    Raises
    ------
    InputError
        With every problem of the file and the options.
    """
    path = Path(path)

    def read(context: Context) -> Measurements:
        return read_csv(path, path.name, context, read_input)

    return fit_scans(
        read,
        path.name,
        administered,
        nuclide,
        models,
        bootstrap,
        estimator,
        prior,
        injected_at,
        decay_corrected_to,
        weight,
    )


def fit_scans(
    read: Callable[[Context], Measurements],
    name: str,
    administered: str,
    nuclide: str = "Lu-177",
    models: Sequence[str] = ("auto",),
    bootstrap: int | None = None,
    estimator: str = LEAST_SQUARES,
    prior: str | None = None,
    injected_at: str | None = None,
    decay_corrected_to: str = "none",
    weight: str | None = None,
) -> CurveDocument:
    """Fit every region of measurements that are not in a file.

    Parameters
    ----------
    read : callable
        Reads the measurements; takes what all rows have in common.
    name : str
        Of the measurements, for messages.
    administered, nuclide, models, bootstrap, estimator, prior : str, and as above
        As :func:`fit_file` takes them.
    injected_at, decay_corrected_to, weight : str, optional
        As :func:`fit_file` takes them.

    Returns
    -------
    CurveDocument

    Raises
    ------
    InputError
        With every problem of the measurements and the options.

    Examples
    --------
    >>> from dosimetry.patient.measurements.read import read_measurements
    >>> rows = [
    ...     {"region": "liver", "time": f"{hours} h", "activity": f"{activity} MBq"}
    ...     for hours, activity in ((4, 420), (24, 350), (96, 170))
    ... ]
    >>> document = fit_scans(
    ...     lambda context: read_measurements(rows, None, context), "rows", "7.4 GBq"
    ... )
    >>> document.curves[0].region
    'liver'
    """
    administration = _administration(administered, nuclide, decay_corrected_to, weight)
    injection = _option("--at", lambda: None if injected_at is None else read_at(injected_at))
    measured = read(Context(injection=injection))
    if bootstrap is not None and estimator != LEAST_SQUARES:
        raise refuse(
            "bootstrap-not-used",
            "the posterior has its distribution already; refits are of least squares",
            "remove --bootstrap, or --estimator",
            "--bootstrap",
        )
    chosen = _models(models, measured.by_region())
    like = _prior_region(prior, estimator)
    curves: dict[str, CurveToEstimate | InputError] = {}
    for region, scans in measured.by_region().items():
        model = chosen.get(region, chosen[""])
        check_model(model)
        try:
            curves[region] = _curve(region, scans, model, administration, estimator, like)
        except InputError as error:
            curves[region] = error
    fitted = _fitted(curves, measured, name)
    reports = []
    for region, curve in fitted.items():
        report = _report(region, curve, administration.activity)
        if bootstrap is not None:
            report = replace(report, tia_bootstrap=bootstrap_tia(curve, bootstrap))
        reports.append(report)
    return CurveDocument(FIT_SCHEMA, tuple(reports))


def _option(name: str, read: Callable[[], T]) -> T:
    """Return the value of an option; place what is wrong at its name."""
    try:
        return read()
    except InputError as error:
        raise error.at(name) from None


def _administration(
    administered: str, nuclide: str, decay_corrected_to: str, weight: str | None
) -> Administration:
    activity = _option("--administered", lambda: parse_quantity(administered, "MBq"))
    if activity <= 0:
        raise refuse("not-positive", f"{quote(administered)} is not positive", "", "--administered")
    return Administration(
        activity,
        nuclides.half_life(nuclide),
        _option("--weight", lambda: read_amount(weight, "kg").to("g").value) if weight else None,
        _option("--decay-corrected-to", lambda: read_decay_correction(decay_corrected_to)),
    )


def _curve(
    region: str,
    scans: Sequence[Scan],
    model: str,
    administration: Administration,
    estimator: str,
    like: str | None,
) -> CurveToEstimate:
    """Return the curve of one region, checked; its half-lives are those of ``like`` if given."""
    if estimator == LEAST_SQUARES and len(scans) == 1:
        raise refuse(
            "one-scan-only",
            "one point does not make a curve",
            "measure at two times at least, or add --estimator posterior",
        )
    activity, half_life = administration.activity, administration.half_life
    before = curve_prior(like or region, {}, True, half_life)
    at_time = at_scan_time(scans, administration)
    task = task_of(at_time, model, activity, half_life)
    return to_estimate((0, region), at_time, task, activity, before, estimator)


def _fitted(
    curves: Mapping[str, CurveToEstimate | InputError], measured: Measurements, file: str
) -> dict[str, FittedCurve]:
    """Return the curve of each region, with the doubts about its scans; raise all problems."""
    usable = [curve for curve in curves.values() if isinstance(curve, CurveToEstimate)]
    estimates = estimated_together(usable).fits
    fitted: dict[str, FittedCurve] = {}
    problems: list[Problem] = []
    for region, scans in measured.by_region().items():
        found = curves[region]
        curve = found if isinstance(found, InputError) else estimates[0, region]
        if isinstance(curve, InputError):
            problems += [
                Problem(p.code, message, p.cure, FilePlace(f"{file}: region"))
                for p, message in said_of(curve, region, scans)
            ]
            continue
        missing = [point.warning() for point in measured.left_out if point.region == region]
        curve = doubted(curve, scans)
        fitted[region] = replace(curve, warnings=(*curve.warnings, *missing))
    if problems:
        raise InputError(problems)
    return fitted


def _prior_region(prior: str | None, estimator: str) -> str | None:
    """Return the region whose half-lives are the prior of every curve."""
    if estimator not in ESTIMATORS:
        raise refuse(
            "unknown-estimator",
            f"estimator {quote(estimator)} is not known",
            f"write one of {', '.join(ESTIMATORS)}",
            "--estimator",
        )
    if prior is None:
        return None
    if estimator == LEAST_SQUARES:
        raise refuse(
            "prior-not-used",
            "least squares has no prior",
            "add --estimator posterior, or remove --prior",
            "--prior",
        )
    try:
        return regions_figures.measured_region(prior)
    except InputError as error:
        raise error.at("--prior") from None


def _models(models: Sequence[str], regions: Mapping[str, object]) -> dict[str, str]:
    """Return the model by region; the empty name has the model of all other regions."""
    chosen = {"": "auto"}
    for text in models:
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


def parameters_of(curve: FittedCurve) -> tuple[Parameter, ...]:
    """Return the parameters of a curve, in the order of its covariance."""
    return tuple(Parameter(name, p.value, p.sd, p.unit) for name, p in curve.parameters.items())


def _report(region: str, curve: FittedCurve, administered_mbq: float) -> CurveReport:
    biological = curve.biological_half_life
    tia, per_activity = curve.tia, PER_ACTIVITY[curve.tia.unit]
    return CurveReport(
        cycle=1,
        region=region,
        model=curve.model,
        choice=curve.choice,
        tia=tia,
        tia_coefficient=Estimate(
            tia.value / administered_mbq, tia.sd and tia.sd / administered_mbq, per_activity
        ),
        effective_half_life=curve.effective_half_life,
        biological_half_life=None if biological is None else Amount(biological, "h"),
        parameters=parameters_of(curve),
        chi2=curve.chi2,
        dof=curve.dof,
        p_value=curve.p_value,
        aicc_weights=curve.aicc_weights,
        warnings=curve.warnings,
        tia_posterior=None
        if curve.posterior is None
        else IntegratedActivity(
            curve.posterior.mean,
            curve.posterior.sd,
            tia.unit,
            curve.posterior.p5,
            curve.posterior.p50,
            curve.posterior.p95,
        ),
        information=None if curve.information is None else Information(*curve.information),
        models=tuple(ModelWeight(name, weight) for name, weight in curve.weights.items()),
    )
