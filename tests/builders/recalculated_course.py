"""The two measured examples, computed to the end of the course without dosimetry.

The data of the patients are copied by hand from two_cycles.yaml and psma_patient1.yaml of
examples/.
"""

import functools
import math
from dataclasses import dataclass, replace

import numpy as np
from recalculated_plan import (
    HALF_LIFE,
    SIDES,
    Phantom,
    biology,
    damage,
    delivered,
    like,
    table,
)

DRAWS = 100_000


@dataclass
class Region:
    """What is known of one region: ln k ~ N(mean, covariance), k in Gy/GBq, and its G by cycle.

    The distribution covers the cycles of the course and one more.
    """

    name: str
    measured: list  # of (cycle, Delivered)
    activities: list  # GBq
    mean: np.ndarray
    covariance: np.ndarray
    g: list  # None where there is no BED
    earlier: tuple  # dose, BED in Gy

    def scales(self, quantity):
        if quantity == "absorbed_dose":
            return [(a, 0.0) for a in self.activities]
        alpha_beta = biology(self.name)[0]
        return [(a, g * a * a / alpha_beta) for a, g in zip(self.activities, self.g, strict=True)]

    def moments(self, quantity, cycles):
        """Mean and sd of sum a k + b k^2 over cycles: E[k_i^p k_j^q] of log-normal variables."""
        scales = self.scales(quantity)
        terms = [(i, p + 1, scales[i][p]) for i in cycles for p in (0, 1)]

        def expected(*powers):
            h = np.zeros(len(self.mean))
            for i, p in powers:
                h[i] += p
            return math.exp(h @ self.mean + h @ self.covariance @ h / 2)

        mean = sum(c * expected((i, p)) for i, p, c in terms)
        square = sum(c * d * expected((i, p), (j, q)) for i, p, c in terms for j, q, d in terms)
        return mean, math.sqrt(square - mean**2)

    def cumulative(self, quantity):
        mean, sd = self.moments(quantity, range(len(self.activities)))
        return mean + self.earlier[quantity == "bed"], sd

    @functools.cached_property
    def draws(self):
        rng = np.random.default_rng(20260112)
        factor = np.linalg.cholesky(self.covariance)
        return np.exp(self.mean + rng.standard_normal((DRAWS, len(self.mean))) @ factor.T)

    def sample(self, quantity):
        """Draws of the cumulative quantity at the end of the course."""
        a, b = np.array(self.scales(quantity)).T
        k = self.draws[:, : len(a)]
        return k @ a + k**2 @ b + self.earlier[quantity == "bed"]

    def with_further(self, activity):
        """The region with one more cycle of an activity in GBq."""
        return replace(self, activities=[*self.activities, activity])


@dataclass
class Course:
    cycles: list  # Delivered
    activities: list  # GBq, of all cycles
    regions: dict


def conditioned(prior_mean, prior_precision, omega2, observations, cycles, trend=0.0, tilt=0.0):
    """ln k_1..n given (cycle, k, own relative sd, (calibration, mass) sd): a precision matrix.

    Over x = (ln k_1..n, mu, z_calibration, z_mass), z standard normal: prior terms and one for
    each observation, ln k_obs = ln k_c + s_calibration z + s_mass z + N(0, ln(1 + r^2)).
    """
    n = cycles
    precision, score = np.diag([0.0] * (n + 1) + [1.0, 1.0]), np.zeros(n + 3)
    precision[n, n] += prior_precision
    score[n] += prior_precision * prior_mean - tilt  # p(mu) ~ exp(-tilt mu)

    def add(row, value, variance):
        nonlocal precision, score
        precision = precision + np.outer(row, row) / variance
        score = score + row * value / variance

    for c in range(n):
        row = np.zeros(n + 3)
        row[c], row[n] = 1.0, -1.0
        add(row, c * trend, omega2)
    for c, k, own, (calibration, mass) in observations:
        row = np.zeros(n + 3)
        row[c], row[n + 1], row[n + 2] = 1.0, calibration, mass
        add(row, math.log(k), math.log1p(own**2))
    covariance = np.linalg.inv(precision)
    return (covariance @ score)[:n], covariance[:n, :n]


def central(cycle, name):
    """The median of a measured mean in Gy/GBq; a coefficient that was entered as it is."""
    entered = name not in cycle.g
    below = 1.0 if entered else math.sqrt(1.0 + cycle.relative_fit_sd[name] ** 2)
    return 1000 * cycle.dose[name] / cycle.activity / below


def mono_g(half_life, region):
    rate = math.log(2) / half_life
    repair = np.array([biology(region)[1]])
    total, double = damage(lambda t: np.array([math.exp(-rate * t)]), repair, (0.0,), rate)
    return float(2 * double[0] / total[0] ** 2)


def population(sex):
    """Label means and sds of a sex: no organ that only the other one has."""
    other = Phantom("male" if sex == "female" else "female").mass
    own = Phantom(sex).mass
    rows = table("population_coefficients_lu177_dotatate")
    known = {row["region"]: (float(row["mean"]), float(row["sd"])) for row in rows}
    return {k: v for k, v in known.items() if k in own or k not in other}


def course(sex, cycles, planned, dotatate, earlier):
    """Combine the cycles of a course (docs/method.md, prediction)."""
    cv = {
        row["region"]: float(row["between_cycle_cv"]) for row in table("variability_lu177_dotatate")
    }
    half_lives = {
        row["region"]: float(row["effective_half_life"])
        for row in table("effective_half_lives_lu177_dotatate")
    }
    known = population(sex) if dotatate else {}
    activities = [cycle.activity / 1000 for cycle in cycles] + planned
    regions = {}
    for name in sorted({*known, *(region for cycle in cycles for region in cycle.dose)}):
        omega2 = math.log1p((cv.get(like(name), 0.20) if dotatate else 0.20) ** 2)
        label = known.get(like(name) if name in SIDES else name)
        mean, precision = 0.0, 0.0
        if label:
            variance = math.log1p((label[1] / label[0]) ** 2) - omega2
            mean, precision = math.log(label[0]) - (variance + omega2) / 2, 1 / variance
        measured = [(i, cycle) for i, cycle in enumerate(cycles) if name in cycle.dose]
        seen = [
            (i, central(c, name), c.relative_fit_sd[name], c.shared_sd[name]) for i, c in measured
        ]
        own_g = {i: c.g[name] for i, c in measured if name in c.g}
        if own_g:
            usual = own_g[max(own_g)]
        else:
            usual = mono_g(half_lives[name], name) if dotatate and name in half_lives else None
        g = [own_g.get(i, usual) for i in range(len(activities))]
        # tumours of unknown grade lose 10 % a cycle with 177Lu-DOTATATE; p(mu) ~ exp(-mu)
        tumour = name.startswith("tumour")
        shape = (math.log(0.90) if dotatate else 0.0, 1.0) if tumour else (0.0, 0.0)
        found = conditioned(mean, precision, omega2, seen, len(activities) + 1, *shape)
        regions[name] = Region(
            name,
            measured,
            activities,
            *found,
            None if usual is None else g,
            earlier.get(like(name), (0.0, 0.0)),
        )
    return Course(cycles, activities, regions)


def two_cycles(integrals=({}, {})):
    """examples/two_cycles.yaml; integrals of each cycle as those of ``delivered``."""
    masses = {"kidney_left": 148.0, "kidney_right": 139.0, "tumour_1": 14.0}
    sds = {"kidney_left": 0.08, "kidney_right": 0.08, "tumour_1": 0.15}
    # 7.42 GBq two hours before the injection, 55 MBq left one and a half hours after it
    first = 7420 * 2 ** (-2.0 / HALF_LIFE) - 55 * 2 ** (1.5 / HALF_LIFE)
    cycles = [
        delivered("female", first, "two_cycles_1.csv", masses, sds, 0.05, integrals[0]),
        delivered("female", 7360.0, "two_cycles_2.csv", masses, sds, 0.05, integrals[1]),
    ]
    for cycle, coefficient in zip(cycles, (0.31, 0.29), strict=True):  # Gy/GBq, done elsewhere
        cycle.dose["liver"] = coefficient * cycle.activity / 1000
        cycle.relative_fit_sd["liver"] = 0.05 / coefficient
        cycle.shared_sd["liver"] = (0.0, 0.0)
    return course("female", cycles, [7.4, 7.4], True, {"kidneys": (2.0, 2.1)})


def psma_patient(integrals=({},)):
    """examples/psma_patient1.yaml: no masses given, so the phantom's, and none for tumours."""
    mass = Phantom("male").mass
    half = mass["kidneys"] / 2
    masses = {
        "kidney_left": half,
        "kidney_right": half,
        "liver": mass["liver"],
        "spleen": mass["spleen"],
    }
    cycle = delivered("male", 6783.0, "psma_patient1.csv", masses, {}, 0.07, integrals[0])
    found = course("male", [cycle], [7.4, 7.4, 7.4], False, {})
    # Not scanned, and PSMA is taken up there: the remainder's part alone is a lower bound.
    del found.regions["salivary_glands"]
    return found
