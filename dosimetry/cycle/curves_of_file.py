"""Fits of a file of measurements without a patient, for ``dosimetry fit``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dosimetry.cycle.course_curves import CurveToEstimate, estimated_together, to_estimate
from dosimetry.cycle.curve_prior import curve_prior
from dosimetry.cycle.fit_options import FitOptions
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
from dosimetry.patient.measurements.read import read_csv
from dosimetry.patient.measurements.rows import Context
from dosimetry.patient.measurements.scan import Measurements, Scan
from dosimetry.patient.scan_time import Administration, at_scan_time
from dosimetry.patient.schema import LEAST_SQUARES
from dosimetry.physics.bootstrap import bootstrap_tia
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.fitting import check_model
from dosimetry.problems import FilePlace, InputError, Problem, refuse
from dosimetry.quantities import Amount, Distribution, Estimate, tia_in_words

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


def fit_file(path: str | Path, options: FitOptions) -> CurveDocument:
    """Fit every region of a measurement file.

    Parameters
    ----------
    path : path
        CSV with columns region, time, activity (or concentration), and optionally sd, volume and
        recovery. ``-`` is standard input.
    options : FitOptions

    Raises
    ------
    InputError
        With every problem of the file and the options.

    Examples
    --------
    >>> document = fit_file("examples/snmmi_patient4.csv", FitOptions("7.21 GBq"))
    >>> len(document.curves)
    2
    """
    path = Path(path)

    def read(context: Context) -> Measurements:
        return read_csv(path, path.name, context, read_input)

    return fit_scans(read, path.name, options)


def fit_scans(
    read: Callable[[Context], Measurements], name: str, options: FitOptions
) -> CurveDocument:
    """Fit every region of measurements that are not in a file.

    Parameters
    ----------
    read : callable
        Reads the measurements; takes what all rows have in common.
    name : str
        Of the measurements, for messages.
    options : FitOptions

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
    ...     lambda context: read_measurements(rows, None, context), "rows", FitOptions("7.4 GBq")
    ... )
    >>> document.curves[0].region
    'liver'
    """
    administration, bootstrap = options.administration(), options.bootstrap
    measured = read(Context(injection=options.injection()))
    options.check_bootstrap()
    chosen = options.model_of(measured.by_region())
    like = options.prior_region()
    curves: dict[str, CurveToEstimate | InputError] = {}
    for region, scans in measured.by_region().items():
        model = chosen.get(region, chosen[""])
        check_model(model)
        try:
            curves[region] = _curve(region, scans, model, administration, options.estimator, like)
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
