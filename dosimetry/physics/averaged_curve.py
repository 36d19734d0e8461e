"""The curve of one region from its posterior: the average of the models, with its warnings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import chdtrc

from dosimetry.physics.decay import LN2
from dosimetry.physics.fitted_curve import (
    ADEQUATE,
    NO_CLEARANCE,
    FittedCurve,
    Points,
    early_end_warning,
    parameter_names,
)
from dosimetry.physics.kinetics import MODELS, Exponentials
from dosimetry.physics.one_scan import hanscheid, scan_time_warning
from dosimetry.physics.posterior import CurvePosterior
from dosimetry.problems import Problem
from dosimetry.quantities import Estimate

NEAR_PHYSICAL = 0.95  # of the physical half-life: longer ones show no clearance


def averaged_curve(points: Points, posterior: CurvePosterior, origin: str) -> FittedCurve:
    """Return the curve of a posterior.

    Parameters
    ----------
    points : Points
    posterior : CurvePosterior
    origin : str
        Source of the half-life before any measurement, in words.

    Returns
    -------
    FittedCurve
        A typical curve of the most probable model, with the posterior mean as its TIA. The
        effective half-life is the posterior's, over all models.
    """
    model = MODELS[posterior.model]
    names = parameter_names(model)
    units = [points.unit] * len(model.terms) + ["1/h"] * model.rates
    sds = posterior.sds.tolist()
    values = posterior.parameters.tolist()
    slow = posterior.half_life[0]
    one = len(points.time) == 1
    dof = posterior.dof
    return FittedCurve(
        model=posterior.model,
        choice=_choice(posterior),
        time=points.time,
        activity=points.activity,
        sd=points.sd,
        relative=points.relative,
        shape=_shape(posterior),
        parameters={
            name: Estimate(value, sd, unit)
            for name, value, sd, unit in zip(names, values, sds, units, strict=True)
        },
        chi2=posterior.chi2,
        dof=dof,
        p_value=float(chdtrc(dof, posterior.chi2)) if dof else None,
        aicc={},
        tia=Estimate(posterior.tia.mean, posterior.tia.sd, f"{points.unit}*h"),
        effective_half_life=Estimate(slow, slow * posterior.half_life[1], "h"),
        sd_assumed=points.sd_assumed,
        decay_constant=points.decay_constant,
        warnings=tuple(_warnings(points, posterior, slow, origin)),
        cross_check=Estimate(
            float(hanscheid.kernel(points.activity[0], points.time[0])), None, f"{points.unit}*h"
        )
        if one
        else None,
        posterior=posterior.tia,
        band=posterior.band,
        weights=posterior.weights,
        information=posterior.information,
    )


def _choice(posterior: CurvePosterior) -> str:
    if len(posterior.weights) == 1:
        return "posterior, model requested"
    shares = sorted(posterior.weights.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{name} {100 * share:.0f} %" for name, share in shares if share >= 0.005)
    return f"posterior, average of {listed}"


def _shape(posterior: CurvePosterior) -> Exponentials:
    """Return the typical curve as a plain sum of exponentials."""
    model = MODELS[posterior.model]
    count = len(model.terms)
    amplitudes, rates = [], []
    for amplitude, (fall, rise) in zip(posterior.parameters[:count], model.terms, strict=True):
        amplitudes.append(amplitude)
        rates.append(posterior.parameters[count + fall])
        if rise is not None:
            amplitudes.append(-amplitude)
            rates.append(posterior.parameters[count + rise])
    return Exponentials(np.array(amplitudes), np.array(rates))


def _warnings(
    points: Points, posterior: CurvePosterior, half_life: float, origin: str
) -> Iterator[Problem]:
    if len(points.time) == 1:
        _, others, population = posterior.information
        source = "the other cycles" if others > population else origin
        yield Problem(
            "one-scan-only",
            f"only one scan: the effective half-life of {half_life:.4g} h rests on {source}",
            "measure two or three times",
        )
        yield from scan_time_warning(float(points.time[0]), half_life)
    else:
        yield from early_end_warning(float(points.time[-1]), half_life)
    if half_life * points.decay_constant > NEAR_PHYSICAL * LN2:
        yield NO_CLEARANCE
    freedom, chi2 = max(posterior.dof, 1), posterior.chi2
    if float(chdtrc(freedom, chi2)) < ADEQUATE:
        yield Problem(
            "fit-not-adequate",
            f"no model fits the data: chi-square {chi2:.3g} of model '{posterior.model}' with "
            f"{posterior.dof} degrees of freedom; the uncertainty is multiplied by "
            f"{posterior.misfit:.2g}",
            "check the points and their sd",
        )
