"""Rules of quadrature, and the evidence of a curve by its nodes: known integrals, plain sums."""

import math

import numpy as np
import pytest
from true_curves import PHYSICAL, SHORTEST, drawn, measured, prior_of

from dosimetry.physics.posterior import nodes_of_curves, posterior_of
from dosimetry.physics.posterior.rules import dot, hermite, legendre

TIMES = (2.0, 24.0, 72.0)
VALUES = np.array([0.55, 0.72, 0.36])
SD = 0.10


def test_legendre_nodes_integrate_a_polynomial_exactly():
    nodes, weights = legendre(3)  # degree 5: the integral of x^4 over (-1, 1) is 2/5
    assert nodes**4 @ weights == pytest.approx(2 / 5, rel=1e-12)
    assert nodes**5 @ weights == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("dimension", "count"), [(1, 3), (2, 3), (3, 4)])
def test_hermite_nodes_integrate_moments_of_a_normal_exactly(dimension, count):
    # E[z_1^4 + 2 z_d^2] = 3 + 2; the rule is for the function with its density
    steps, log_weights = hermite(dimension, count)
    assert steps.shape == (count**dimension, dimension)
    values = np.exp(-0.5 * (steps**2).sum(axis=1)) * (steps[:, 0] ** 4 + 2 * steps[:, -1] ** 2)
    assert np.exp(log_weights) @ values == pytest.approx(5.0, rel=1e-12)


def test_product_of_matrices_is_that_of_numpy():
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(4, 3)), rng.normal(size=(3, 5))
    assert dot(first, second) == pytest.approx(first @ second, rel=1e-12)
    assert dot(first, second[:, 0]) == pytest.approx(first @ second[:, 0], rel=1e-12)


def density(x, median, spread, low, high):
    """Normal density of ln T between bounds, by a sum over an even grid x."""
    values = np.where(
        (x > low) & (x < high), np.exp(-0.5 * ((x - math.log(median)) / spread) ** 2), 0
    )
    return values / (values.sum() * (x[1] - x[0]))


def likelihood(shape):
    """Likelihood of the points without its constant; shape (points, ...), relative sds."""
    apart = np.log(VALUES).reshape(-1, *[1] * (shape.ndim - 1)) - np.log(np.maximum(shape, 1e-99))
    return np.exp(-0.5 * ((apart - apart.mean(axis=0)) ** 2).sum(axis=0) / SD**2)


def evidence_of_nodes(model, prior):
    """Integral of likelihood and priors over a curve's nodes, the slow half-life log-normal."""
    curve = measured(TIMES, VALUES, SD * VALUES, models=(model,))
    (nodes,) = nodes_of_curves([curve], [prior])
    spread = prior.slow.log_sd
    x = np.linspace(math.log(SHORTEST), math.log(PHYSICAL), 20_001)
    own = np.interp(
        nodes.log_half_life, x, density(x, prior.slow.median, spread, x[0] - 1, x[-1] + 1)
    )
    return curve, nodes, own


@pytest.mark.parametrize("region", ["kidneys", "tumour"])
def test_moments_of_a_mono_curve_equal_a_plain_sum(region):
    prior = prior_of(region)
    _, nodes, own = evidence_of_nodes("mono", prior)
    x = np.linspace(math.log(SHORTEST), math.log(PHYSICAL), 20_001)
    before = density(x, prior.slow.median, prior.slow.log_sd, x[0] - 1, x[-1] + 1)
    chance = before * likelihood(np.exp2(-np.array(TIMES)[:, None] / np.exp(x)))
    expected = chance @ x / chance.sum()
    weight = nodes.weight * own[nodes.slow]
    found = weight @ nodes.log_half_life[nodes.slow] / weight.sum()
    assert found == pytest.approx(expected, abs=1e-4)
    variance = weight @ (nodes.log_half_life[nodes.slow] - found) ** 2 / weight.sum()
    assert variance == pytest.approx(chance @ (x - expected) ** 2 / chance.sum(), rel=1e-3)


def test_evidence_of_models_equals_plain_sums():
    # of mono one sum over ln T, of uptake two
    prior = prior_of("tumour")
    x = np.linspace(math.log(10.0), math.log(PHYSICAL), 801)
    slow = density(x, prior.slow.median, prior.slow.log_sd, -9, 9)
    time = np.array(TIMES)
    mono = np.sum(slow * likelihood(np.exp2(-time[:, None] / np.exp(x)))) * (x[1] - x[0])
    u = np.linspace(math.log(SHORTEST), math.log(PHYSICAL), 2001)
    before = np.exp(-0.5 * ((u - math.log(prior.uptake.median)) / prior.uptake.log_sd) ** 2)
    total = 0.0
    for at, chance in zip(x, slow, strict=True):
        allowed = np.where(u < at, before, 0.0)
        shape = np.exp2(-time / np.exp(at))[:, None] - np.exp2(-time[:, None] / np.exp(u))
        values = likelihood(shape)
        total += chance * (allowed @ values) / allowed.sum()
    uptake = total * (x[1] - x[0])
    curve = measured(TIMES, VALUES, SD * VALUES, models=("mono", "uptake"))
    (nodes,) = nodes_of_curves([curve], [prior])
    own = np.interp(nodes.log_half_life, x, slow)[nodes.slow]
    parts = np.bincount(nodes.model, nodes.weight * own)
    assert parts[1] / parts[0] == pytest.approx(uptake / mono, rel=2e-3)


@pytest.mark.parametrize("model", ["bi", "bi-uptake"])
def test_shape_of_two_phases_equals_weighted_draws(model):
    # 200,000 draws from the priors, weighted by the likelihood; a fifth or more of them count
    prior = prior_of("kidneys")
    _, nodes, own = evidence_of_nodes(model, prior)
    truth = drawn(np.random.default_rng(12), prior, model, 200_000)
    chance = likelihood(truth.at(np.array(TIMES)).T)
    chance /= chance.sum()
    weight = nodes.weight * own[nodes.slow]
    weight /= weight.sum()
    shapes = nodes.shapes
    for found, drawn_ones in (
        (shapes.share, truth.share),
        (np.log(shapes.fast), np.log(truth.fast)),
        (np.log(shapes.slow), np.log(truth.slow[:, 0])),
        (np.log(shapes.integral()), np.log(truth.tia())),
    ):
        mean = chance @ drawn_ones
        sd = math.sqrt(chance @ (drawn_ones - mean) ** 2)
        assert weight @ found == pytest.approx(mean, abs=0.05 * sd)
        spread = math.sqrt(weight @ (found - weight @ found) ** 2)
        assert spread == pytest.approx(sd, rel=0.08)


@pytest.mark.parametrize("half_life", [8.0, 11.0])
def test_two_sharp_scans_far_from_the_prior_decide(half_life):
    # kidneys at 51 h with cv 0.2, and a fall to a half in 8 h known to 1 %: by a sum over ln T
    prior = prior_of("kidneys")
    times = np.array([2.0, 20.0])
    values = 100.0 * np.exp2(-times / half_life)
    curve = measured(times, values, 0.01 * values, models=("mono",))
    x = np.linspace(math.log(1.0), math.log(20.0), 40_001)
    apart = np.log(values)[:, None] + math.log(2) * times[:, None] / np.exp(x)
    middle = apart.mean(axis=0)
    misfit = ((apart - middle) ** 2).sum(axis=0) / 0.01**2
    misfit += ((x - math.log(prior.slow.median)) / prior.slow.log_sd) ** 2
    chance = np.exp(-0.5 * (misfit - misfit.min()))
    chance /= chance.sum()
    tia = np.exp(middle + x + 0.01**2 / 4) / math.log(2)
    mean = chance @ tia
    sd = math.sqrt(chance @ tia**2 * math.exp(0.01**2 / 2) - mean**2)
    (found,) = posterior_of([curve], prior)
    assert found.tia.mean == pytest.approx(mean, rel=1e-3)
    assert found.tia.sd == pytest.approx(sd, rel=0.02)
