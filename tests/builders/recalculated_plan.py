"""A plan computed independently from the raw tables.

Nothing of dosimetry is imported. Fits use a general optimiser over all parameters, integrals
quadrature, BED the repair equation, sds differences, posteriors the precision matrix (the package
solves for a kriging gain), percentiles plain Monte Carlo.

It covers what the two examples need: mono-exponential, uptake and trapezoid; organs, two kidneys,
bladder, spheres and a remainder of the body.
"""

import csv
import itertools
import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy.integrate import quad, solve_ivp
from scipy.optimize import least_squares
from scipy.stats import chi2

ROOT = Path(__file__).resolve().parents[2]
HALF_LIFE = 6.647 * 24  # h, 177Lu, ICRP 107
DECAY = math.log(2) / HALF_LIFE
SIDES = ("kidney_left", "kidney_right")
FASTEST = 20.0  # 1/h, upper bound of a fitted rate


def rows(path):
    with (ROOT / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def table(name):
    return rows(f"reference_tables/{name}.csv")


def scans(name):
    """Points by region of a file in examples/, with a column sd [MBq]."""
    found = {}
    for row in rows(f"examples/{name}"):
        point = (row["time [h]"], row["activity [MBq]"], row["sd [MBq]"])
        found.setdefault(row["region"], []).append(tuple(map(float, point)))
    return {region: np.array(points).T for region, points in found.items()}


# --- curves -------------------------------------------------------------------------------------


@dataclass
class Curve:
    model: str
    activity: object  # function of time, h -> MBq
    stops: tuple  # kinks of the function
    slowest: float
    tia: float
    tia_sd: float
    chi2: float


def integral(function, stops, slowest):
    """Integral to infinity, piece by piece, up to where exp(-45) is left."""
    edges = [*stops, *(stops[-1] + np.array([0.05, 0.5, 2, 6, 14, 26, 45]) / slowest)]
    pairs = itertools.pairwise(edges)
    return sum(quad(function, a, b, epsabs=0, epsrel=1e-12, limit=200)[0] for a, b in pairs)


def mono(p, t):
    return p[0] * np.exp(-p[1] * t)


def mono_slopes(p, t):
    return np.array([np.exp(-p[1] * t), -p[0] * t * np.exp(-p[1] * t)])


def uptake(p, t):
    return p[0] * (np.exp(-p[1] * t) - np.exp(-p[2] * t))


def uptake_slopes(p, t):
    slow, fast = np.exp(-p[1] * t), np.exp(-p[2] * t)
    return np.array([slow - fast, -p[0] * t * slow, p[0] * t * fast])


MODELS = {"mono": (mono, mono_slopes), "uptake": (uptake, uptake_slopes)}
STARTS = {
    "mono": [(rate,) for rate in (0.006, 0.02, 0.1)],
    "uptake": [(slow, fast) for slow in (0.006, 0.015, 0.04) for fast in (0.08, 0.3, 1.5)],
}


def least(model, time, activity, sd):
    """Parameters and chi-square of the weighted least-squares fit over all parameters at once."""
    function, slopes = MODELS[model]
    low = np.log([1e-9, *[DECAY] * (len(STARTS[model][0]))])
    high = np.log([1e9, *[FASTEST] * (len(STARTS[model][0]))])

    def residual(theta):
        return (function(np.exp(theta), time) - activity) / sd

    def jacobian(theta):
        return (slopes(np.exp(theta), time) * np.exp(theta)[:, None] / sd).T

    best = None
    for start in STARTS[model]:
        theta = np.log([activity.max(), *start])
        found = least_squares(
            residual, theta, jacobian, (low, high), xtol=1e-15, ftol=1e-15, gtol=1e-15
        )
        if best is None or found.cost < best.cost:
            best = found
    return np.exp(best.x), 2 * best.cost


def adequate(chi_square, dof):
    return chi_square <= 1.0 if dof == 0 else chi2.sf(chi_square, dof) >= 0.01


def fitted(time, activity, sd):
    """Apply the rule for three or four points: mono, else uptake, else trapezoid."""
    assert len(time) in (3, 4)
    for model in ("mono", "uptake"):
        parameters, chi_square = least(model, time, activity, sd)
        if adequate(chi_square, len(time) - len(parameters)):
            return exponential_curve(model, parameters, chi_square, time, sd)
    assert len(time) == 3  # four points would let bi-exponentials have a try
    return trapezoid_curve(time, activity, sd)


def exponential_curve(model, parameters, chi_square, time, sd):
    function, slopes = MODELS[model]
    assert parameters[1] > DECAY * (1 + 1e-6)  # no rate of the examples is on its bound
    jacobian = slopes(parameters, time) / sd
    covariance = np.linalg.inv(jacobian @ jacobian.T)

    def area(f):
        return integral(f, (0.0,), parameters[1])

    gradient = np.array(
        [area(lambda t, i=i: slopes(parameters, t)[i]) for i in range(len(parameters))]
    )
    return Curve(
        model,
        lambda t: function(parameters, t),
        (0.0,),
        parameters[1],
        area(lambda t: function(parameters, t)),
        math.sqrt(gradient @ covariance @ gradient),
        chi_square,
    )


def trapezoid(time, activity):
    """Return the trapezoid and its tail."""
    tail = math.log(activity[-2] / activity[-1]) / (time[-1] - time[-2])
    tail = max(tail, DECAY)

    def at(t):
        if t <= time[0]:
            return activity[0] * math.exp(DECAY * (time[0] - t))
        if t >= time[-1]:
            return activity[-1] * math.exp(-tail * (t - time[-1]))
        i = int(np.searchsorted(time, t, side="right")) - 1
        share = (t - time[i]) / (time[i + 1] - time[i])
        if activity[i + 1] < activity[i]:
            return activity[i] ** (1 - share) * activity[i + 1] ** share
        return activity[i] * (1 - share) + activity[i + 1] * share

    return at, tail


def trapezoid_curve(time, activity, sd):
    stops = (0.0, *time)

    def area(points):
        at, tail = trapezoid(time, points)
        return integral(at, stops, tail)

    variance = 0.0
    for i in range(len(time)):
        step = np.zeros(len(time))
        step[i] = 1e-4 * activity[i]
        slope = (area(activity + step) - area(activity - step)) / (2 * step[i])
        variance += (slope * sd[i]) ** 2
    at, tail = trapezoid(time, activity)
    vectorised = np.vectorize(at, otypes=[float])
    return Curve("trapezoid", vectorised, stops, tail, area(activity), math.sqrt(variance), 0.0)


# --- absorbed dose ------------------------------------------------------------------------------


class Phantom:
    def __init__(self, sex):
        per_second = {
            (row["target"], row["source"]): float(row["s_value"])
            for row in table(f"s_values_lu177_icrp89_adult_{sex}")
        }
        self.s = {key: value * 1e-3 * 3600 for key, value in per_second.items()}  # Gy/(MBq h)
        masses = table("organ_masses_icrp89")
        column = f"adult_{sex}"
        self.mass = {row["region"]: float(row[column]) for row in masses if row[column]}
        row = next(row for row in table("nuclides") if row["nuclide"] == "Lu-177")
        kinds = ("beta_minus", "conversion_electron", "auger_electron")
        energy = sum(float(row[kind]) for kind in kinds)  # MeV
        self.delta = energy * 1.602176634e-13 * 3.6e9 / 1e-3  # Gy g/(MBq h)

    def targets(self):
        return sorted({target for target, _ in self.s} - {"red_marrow"})

    def own(self, organ, mass):
        reference = self.mass[organ]
        electron = min(self.s[organ, organ], self.delta / reference)
        photon = self.s[organ, organ] - electron
        return electron * reference / mass + photon * (reference / mass) ** (2 / 3)

    def kidney(self, mass):
        pair = self.mass["kidneys"]
        photon = self.s["kidneys", "kidneys"] - self.delta / pair
        return self.delta / mass + photon * (pair / mass) ** (2 / 3)

    def sphere(self, mass):
        tissue = [
            row for row in table("sphere_s_values_lu177") if row["composition"] == "soft tissue"
        ]
        known = np.array([float(row["mass"]) for row in tissue])
        product = known * np.array([float(row["s_value"]) for row in tissue]) * 1e6 * 3600
        i = int(np.searchsorted(known, mass))
        share = math.log(mass / known[i - 1]) / math.log(known[i] / known[i - 1])
        return (product[i - 1] * (1 - share) + product[i] * share) / mass

    def from_rest(self, target, sources):
        taken = [name for name in sources if name in self.mass]
        s_m = sum(self.s[target, name] * self.mass[name] for name in taken)
        m = sum(self.mass[name] for name in taken)
        whole = self.mass["total_body"]
        return (self.s[target, "total_body"] * whole - s_m) / (whole - m)


SOURCE = {"urinary_bladder": "urinary_bladder_contents"}


def absorbed_doses(phantom, tia, mass):
    """Dose in Gy of every region that a measurement reaches, from TIAs (MBq h) and masses (g)."""
    at_organs = {k: v for k, v in tia.items() if k not in SIDES and not k.startswith("tumour")}
    rest = at_organs.pop("remainder_of_body", None)
    at = {SOURCE.get(k, k): v for k, v in at_organs.items()}
    if SIDES[0] in tia:
        at["kidneys"] = tia["kidney_left"] + tia["kidney_right"]

    def from_others(target):
        cross = sum(phantom.s[target, k] * v for k, v in at.items() if k != target)
        return cross if rest is None else cross + rest * phantom.from_rest(target, at)

    found = {}
    names = phantom.targets() if rest is not None else [k for k in at if k in phantom.mass]
    for target in names:
        dose = from_others(target)
        if target in mass:
            dose += phantom.own(target, mass[target]) * tia[target]
        found[target] = dose
    if "kidneys" in at:
        for side in SIDES:
            found[side] = phantom.kidney(mass[side]) * tia[side] + from_others("kidneys")
        total = sum(mass[side] for side in SIDES)
        found["kidneys"] = sum(found[side] * mass[side] for side in SIDES) / total
    for name, value in tia.items():
        if name.startswith("tumour") and name in mass:
            found[name] = phantom.sphere(mass[name]) * value
    return found


# --- radiobiology: dH/dt = R - mu H, BED = D + 2 int(R H) / (alpha/beta) --------------------------


def like(region):
    return "kidneys" if region in SIDES else region.split("_")[0] if "tumour" in region else region


def biology(region):
    known = {row["region"]: row for row in table("radiobiology")}
    row = known.get(like(region), known["generic"])
    return float(row["alpha_beta"]), math.log(2) / float(row["repair_half_life"])


def damage(rates, repair, stops, slowest):
    """Return int(R dt) and int(R H dt) of dose rates R (a function giving an array)."""
    n = len(repair)

    def slope(t, y):
        now = rates(t)
        return np.concatenate([now - repair * y[:n], now * y[:n], now])

    state = np.zeros(3 * n)
    edges = [*stops, stops[-1] + 42 / slowest]
    for start, end in itertools.pairwise(edges):
        middle = (start + end) / 2  # the ends belong to this piece, whatever the next one does

        def inside(t, y, start=start, end=end, middle=middle):
            nudge = 1e-12 * (end - start)
            return slope(t + nudge * np.sign(middle - t), y)

        scale = np.abs(rates(0.5)) + np.abs(rates(20.0))
        tolerance = np.concatenate([scale / repair, scale**2, scale]) * 1e-13
        done = solve_ivp(inside, (start, end), state, "DOP853", rtol=1e-10, atol=tolerance)
        state = done.y[:, -1]
    return state[2 * n :], state[n : 2 * n]


# --- one delivered cycle ------------------------------------------------------------------------


@dataclass
class Delivered:
    """Regions with dose (Gy), the parts of its relative sd, and G of its own curve (or None)."""

    activity: float  # MBq
    dose: dict = field(default_factory=dict)
    relative_fit_sd: dict = field(default_factory=dict)
    shared_sd: dict = field(default_factory=dict)  # (calibration, mass)
    g: dict = field(default_factory=dict)
    curves: dict = field(default_factory=dict)

    def relative_sd(self, region):
        return math.hypot(self.relative_fit_sd[region], *self.shared_sd[region])


def scaled(curve, tia, sd):
    factor, activity = tia / curve.tia, curve.activity
    return replace(curve, tia=tia, tia_sd=sd, activity=lambda t: factor * activity(t))


def delivered(sex, activity, file, masses, mass_sds, calibration, integrals):
    """Measure one cycle: masses in g, mass_sds and calibration relative.

    Where integrals has a (TIA, sd) in MBq h for a region, its fitted curve is scaled to it.
    """
    phantom = Phantom(sex)
    cycle = Delivered(activity)
    cycle.curves = {region: fitted(*points) for region, points in scans(file).items()}
    for region, integral in integrals.items():
        cycle.curves[region] = scaled(cycle.curves[region], *integral)
    tia = {region: curve.tia for region, curve in cycle.curves.items()}
    cycle.dose = absorbed_doses(phantom, tia, masses)
    regions = list(cycle.dose)
    weight = {}  # Gy per MBq h; doses are linear in the TIAs
    for source in tia:
        alone = absorbed_doses(phantom, {k: float(k == source) for k in tia}, masses)
        weight[source] = np.array([alone[region] for region in regions])
    parts = [weight[k] * curve.tia_sd for k, curve in cycle.curves.items()]
    by_mass = []
    for region, sd in mass_sds.items():
        step = 1e-5 * masses[region]
        ends = [
            absorbed_doses(phantom, tia, {**masses, region: masses[region] + sign * step})
            for sign in (1, -1)
        ]
        slope = [(ends[0][r] - ends[1][r]) / (2 * step) for r in regions]
        by_mass.append(np.array(slope) * sd * masses[region])
    doses = np.array([cycle.dose[region] for region in regions])
    relative_fit_sd = np.sqrt(np.sum(np.square(parts), axis=0)) / doses
    mass_sd = np.sqrt(np.sum(np.square(by_mass), axis=0)) / doses if by_mass else 0 * doses
    cycle.relative_fit_sd = dict(zip(regions, relative_fit_sd, strict=True))
    shared = [(calibration, sd) for sd in mass_sd]
    cycle.shared_sd = dict(zip(regions, shared, strict=True))

    def rates(t):
        return sum(weight[k] * curve.activity(t) for k, curve in cycle.curves.items())

    stops = sorted({stop for curve in cycle.curves.values() for stop in curve.stops})
    slowest = min(curve.slowest for curve in cycle.curves.values())
    repair = np.array([biology(region)[1] for region in regions])
    total, double = damage(rates, repair, stops, slowest)
    assert np.allclose(total, doses, rtol=1e-8)  # the dose rate integrates to the dose
    cycle.g = dict(zip(regions, 2 * double / total**2, strict=True))
    return cycle
