"""The posterior of all curves of one region of a patient, over cycles and sides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dosimetry.physics.kinetics import MODELS, Array
from dosimetry.physics.posterior.curve import CurveNodes, Measured, summed
from dosimetry.physics.posterior.half_life import (
    LEAST,
    REACH,
    Axis,
    Side,
    axis,
    incoming,
    moments_of_cycle,
    of_cycle,
    of_patients,
    patient_axis,
)
from dosimetry.physics.posterior.likelihood import scale_of
from dosimetry.physics.posterior.priors import SlowPrior
from dosimetry.physics.posterior.rules import dot
from dosimetry.physics.posterior.shapes import Shapes

NEGLIGIBLE = 1e-6  # share of a borrowed shape
KEPT = 1000  # nodes of the best measured cycle that lend their shape
BORROWING_NODES = 40


@dataclass(frozen=True, eq=False)
class Weighted:
    """Nodes of a curve with their probabilities given all data of the patient.

    Attributes
    ----------
    models : tuple of str
    model : array of int, shape (m,)
        Index into ``models``.
    probability : array, shape (m,)
        Adds up to one.
    log_tia, variance : array, shape (m,)
        Mean and variance of ln TIA.
    shapes : Shapes
        Arrays of shape (m,).
    patient : array, shape (t,)
        Probability of each tau given all data.
    mean_of_patient : array, shape (t,)
        Mean TIA given each tau.
    spreads : (float, float)
        Variance of ln T of the cycle over patients, and given the other cycles.
    chi2 : array, shape (models,)
    """

    models: tuple[str, ...]
    model: npt.NDArray[np.intp]
    probability: Array
    log_tia: Array
    variance: Array
    shapes: Shapes
    patient: Array
    mean_of_patient: Array
    spreads: tuple[float, float]
    chi2: Array


def weigh(
    curves: Sequence[Measured],
    nodes: Sequence[CurveNodes],
    prior: SlowPrior,
    between_sides: float,
) -> list[Weighted]:
    """Return the nodes of every curve with their probabilities.

    Parameters
    ----------
    curves : sequence of Measured
        All curves of the region, over cycles and sides.
    nodes : sequence of CurveNodes
        Of each of them.
    prior : SlowPrior
    between_sides : float
        sd of ln T between the sides of one cycle.
    """
    sides = [Side(own.log_half_life, own.by_half_life(own.weight)) for own in nodes]
    tau = patient_axis(prior)
    given, said = [], {}
    for i, curve in enumerate(curves):
        others = [sides[j] for j, c in enumerate(curves) if j != i and c.cycle == curve.cycle]
        given.append(incoming(prior, tau.at, sides[i], others, between_sides))
        message = dot(given[i], sides[i].weight)
        said[curve.cycle] = np.maximum(message / message.max(), LEAST)
    start = of_patients(prior, tau.at) * tau.weight
    patients = _Patients(prior, tau, start, said)
    result = []
    for i, curve in enumerate(curves):
        own = _own(curve, nodes[i], given[i], patients)
        lender = lender_of(i, curves)
        if lender is None:
            result.append(own)
            continue
        chance = dot(patients.without(curve.cycle), given[lender])
        share = share_of_borrowed(len(curve.time), nodes[lender], chance)
        if share <= NEGLIGIBLE:
            result.append(own)
            continue
        spread = between_sides if curve.side else 0.0
        of_lender = curves[lender].cycle, nodes[lender], given[lender]
        result.append(mixed(own, _borrowed(curve, of_lender, patients, spread), share))
    return result


def cycle_to_come(
    curves: Sequence[Measured],
    nodes: Sequence[CurveNodes],
    prior: SlowPrior,
    between_sides: float,
) -> tuple[float, float]:
    """Return mean and sd of ln of the slow half-life in a cycle without scans.

    Parameters
    ----------
    curves, nodes, prior, between_sides
        As :func:`weigh` takes them. Without any curve, the population gives the half-life.
    """
    tau = patient_axis(prior)
    if curves:
        probability = weigh(curves, nodes, prior, between_sides)[0].patient
    else:
        probability = of_patients(prior, tau.at) * tau.weight
        probability = probability / probability.sum()
    mean, variance = moments_of_cycle(prior, tau.at, probability)
    return mean, math.sqrt(variance)


def lender_of(index: int, curves: Sequence[Measured]) -> int | None:
    """Return the best measured curve of another cycle: with most points, more than the own.

    One of the same side goes first. None where no other curve has more points.
    """
    own = curves[index]
    better = [
        i
        for i, curve in enumerate(curves)
        if curve.cycle != own.cycle and len(curve.time) > len(own.time)
    ]
    return max(
        better,
        key=lambda i: (len(curves[i].time), curves[i].side == own.side, -curves[i].cycle),
        default=None,
    )


def share_of_borrowed(count: int, lender: CurveNodes, half_life: Array) -> float:
    """Return the probability of the lender's models that need more than ``count`` points.

    So far a curve of ``count`` points takes the lender's shape; for the rest it has its own. No
    model's narrow victory over another decides.
    """
    chance = lender.weight * half_life[lender.slow]
    of_model = summed(lender.model, chance, len(lender.models))
    thin = np.array([MODELS[name].free > count for name in lender.models])
    return float(of_model[thin].sum() / of_model.sum())


def mixed(own: Weighted, borrowed: Weighted, share: float) -> Weighted:
    """Return a mixture of a curve's own nodes and of those with a borrowed shape."""
    models = tuple(dict.fromkeys((*own.models, *borrowed.models)))
    parts = ((own, 1.0 - share), (borrowed, share))
    own_shapes, borrowed_shapes = own.shapes, borrowed.shapes
    probability = np.concatenate([part.probability * weight for part, weight in parts])
    chi2, total = np.zeros(len(models)), np.zeros(len(models))
    for part, weight in parts:
        chance = weight * summed(part.model, part.probability, len(part.models))
        place = [models.index(name) for name in part.models]
        chi2[place] += chance * part.chi2
        total[place] += chance
    return Weighted(
        models,
        np.concatenate(
            [np.array([models.index(n) for n in part.models])[part.model] for part, _ in parts]
        ),
        probability,
        np.concatenate([own.log_tia, borrowed.log_tia]),
        np.concatenate([own.variance, borrowed.variance]),
        own_shapes.joined_with(borrowed_shapes),
        own.patient,
        (1.0 - share) * own.mean_of_patient + share * borrowed.mean_of_patient,
        own.spreads,
        chi2 / np.maximum(total, LEAST),
    )


@dataclass(frozen=True, eq=False)
class _Patients:
    """The axis of tau: prior, and what each cycle says."""

    prior: SlowPrior
    tau: Axis
    start: Array
    said: Mapping[int, Array]

    def without(self, *cycles: int) -> Array:
        """Return the probabilities of tau given all cycles but some, adding up to one."""
        total = self.start
        for cycle, message in self.said.items():
            if cycle not in cycles:
                total = total * message
                total = total / total.max()
        return np.asarray(total / total.sum())

    def variance_of_cycle(self, probability: Array) -> float:
        """Return the variance of ln T of a cycle for probabilities of tau."""
        return moments_of_cycle(self.prior, self.tau.at, probability)[1]


def _own(curve: Measured, nodes: CurveNodes, given: Array, patients: _Patients) -> Weighted:
    before = patients.without(curve.cycle)
    probability = nodes.weight * dot(before, given)[nodes.slow]
    mean = np.exp(nodes.log_tia + nodes.variance / 2.0)
    over_nodes = dot(given, nodes.by_half_life(nodes.weight))
    of_tia = dot(given, nodes.by_half_life(nodes.weight * mean))
    return Weighted(
        nodes.models, nodes.model, probability / probability.sum(), nodes.log_tia,
        nodes.variance, nodes.shapes, patients.without(), of_tia / np.maximum(over_nodes, LEAST),
        (patients.variance_of_cycle(patients.start / patients.start.sum()),
         patients.variance_of_cycle(before)),
        nodes.chi2,
    )  # fmt: skip


def _borrowed(
    curve: Measured,
    of_lender: tuple[int, CurveNodes, Array],
    patients: _Patients,
    between_sides: float,
) -> Weighted:
    """Return the nodes of a thin curve: shapes of another cycle, each with other slow rates."""
    cycle, lent, given = of_lender
    before = patients.without(curve.cycle, cycle)
    chance = lent.weight * dot(before, given)[lent.slow]
    kept = np.argsort(-chance, kind="stable")[:KEPT]
    kept = np.sort(kept[chance[kept] > 1e-7 * chance[kept[0]]])
    prior, tau = patients.prior, patients.tau.at
    after = before * dot(given, lent.by_half_life(lent.weight))
    after = after / after.sum()
    middle = float(dot(after, tau))
    spread = math.sqrt(float(dot(after, (tau - middle) ** 2)) + prior.between_cycles**2)
    reach = REACH * math.hypot(spread, between_sides)
    high = math.log(prior.physical)
    x = axis(middle - reach, min(high, middle + reach), BORROWING_NODES)
    of_x = np.exp(of_cycle(prior, tau, x.at, between_sides)) * x.weight
    joint = dot((before[:, None] * given).T, of_x)  # by slow half-life of the lender, by x
    shapes = lent.shapes.chosen(kept).crossed_with(x.at)
    scale = scale_of(curve.data(), shapes)
    assert shapes.uptake is not None
    possible = shapes.slow < shapes.uptake  # else the curve would be negative
    likelihood = np.where(possible, scale.log_likelihood, -np.inf)
    likelihood = np.exp(likelihood - likelihood.max()).reshape(len(kept), -1)
    weight = lent.weight[kept, None] * likelihood
    probability = (weight * joint[lent.slow[kept]]).ravel()
    log_tia = np.where(possible, scale.mean + np.log(shapes.integral()), 0.0).ravel()
    variance = np.broadcast_to(scale.variance, scale.mean.shape).ravel()
    tia = np.exp(log_tia + variance / 2.0).reshape(weight.shape)
    by_slow = np.zeros((2, len(lent.log_half_life), len(x.at)))
    np.add.at(by_slow[0], lent.slow[kept], weight)
    np.add.at(by_slow[1], lent.slow[kept], weight * tia)
    below, above = (np.einsum("tk,kx,tx->t", given, each, of_x) for each in by_slow)
    return Weighted(
        lent.models, np.repeat(lent.model[kept], len(x.at)), probability / probability.sum(),
        log_tia, variance, shapes, patients.without(), above / np.maximum(below, LEAST),
        (patients.variance_of_cycle(patients.start / patients.start.sum()),
         patients.variance_of_cycle(patients.without(curve.cycle))),
        np.full(len(lent.models), float(scale.chi2()[..., possible].min())),
    )  # fmt: skip
