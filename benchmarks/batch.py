"""Many curves at once against a loop of lmfit and of scipy's curve_fit, in time and in optima.

The times are of one core, in turns within one run, on the same four-point uptake curves; the two
loops take a part of them, since they need minutes for all. The optima are compared of all curves,
in a process for each core.
"""

from __future__ import annotations

import concurrent.futures
import time
import warnings
from collections.abc import Callable, Iterator

import lmfit
import numpy as np
from lines import Line
from scipy.optimize import curve_fit

from dosimetry.physics.curve_search.least_squares import FASTEST, fit_batch
from dosimetry.physics.curve_search.optima import Optima
from dosimetry.physics.decay import LN2
from dosimetry.reference.nuclides import half_life

COUNT, PART, TURNS = 100_000, 400, 5
PHYSICAL = LN2 / half_life("Lu-177")
TIME = np.array([3.7411, 27.7253, 103.0942, 123.9836])  # h, SNMMI patient 4


def curves(count: int) -> np.ndarray:
    """Kidney curves like those of SNMMI patient 4, with 5 % noise; shape (count, 4)."""
    rng = np.random.default_rng(1)
    slow, fast, size = (rng.uniform(*range_, (count, 1)) for range_ in RANGES)
    activity = size * (np.exp(-slow * TIME) - np.exp(-fast * TIME))
    return activity * np.exp(0.05 * rng.standard_normal(activity.shape))


RANGES = ((0.010, 0.018), (0.4, 1.2), (50.0, 150.0))


def formula(t: np.ndarray, a: float, slow: float, fast: float) -> np.ndarray:
    return a * (np.exp(-slow * t) - np.exp(-fast * t))


MODEL = lmfit.Model(formula, independent_vars=["t"])


def by_lmfit(activity: np.ndarray) -> tuple[float, float, bool]:
    """Return chi-square, TIA and whether the search ended well."""
    parameters = MODEL.make_params(
        a={"value": activity.max() * 1.2, "min": 0},
        slow={"value": 0.01, "min": PHYSICAL, "max": FASTEST},
        fast={"value": 0.5, "min": PHYSICAL, "max": FASTEST},
    )
    found = MODEL.fit(activity, parameters, t=TIME, weights=10 / activity)
    a, slow, fast = (found.params[name].value for name in ("a", "slow", "fast"))
    return found.chisqr, a / slow - a / fast, bool(found.success and found.errorbars)


def by_curve_fit(activity: np.ndarray) -> tuple[float, float, bool]:
    """Return chi-square, TIA and whether the search ended well."""
    start, sd = (activity.max() * 1.2, 0.01, 0.5), 0.1 * activity
    bounds = ((0, PHYSICAL, PHYSICAL), (np.inf, FASTEST, FASTEST))
    try:
        (a, slow, fast), covariance = curve_fit(
            formula, TIME, activity, start, sd, absolute_sigma=True, bounds=bounds
        )
    except RuntimeError:
        return np.inf, np.nan, False
    residual = (formula(TIME, a, slow, fast) - activity) / sd
    good = bool(np.all(np.isfinite(covariance)))
    return float(residual @ residual), a / slow - a / fast, good


def ours(activity: np.ndarray) -> tuple[Optima, np.ndarray]:
    found = fit_batch("uptake", TIME, activity, 0.1 * activity, PHYSICAL, compile=True)
    return found, found.tia()[0]


def seconds_per_curve(action: Callable[[np.ndarray], object], rows: np.ndarray) -> float:
    start = time.perf_counter()
    action(rows)
    return (time.perf_counter() - start) / len(rows)


def searched(activity: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the two loops found for some curves."""
    warnings.simplefilter("ignore")
    return {
        name: np.array([search(row) for row in activity])
        for name, search in (("lmfit", by_lmfit), ("curve_fit", by_curve_fit))
    }


def optima(activity: np.ndarray) -> Iterator[Line]:
    """Say how often each search missed the best optimum that any of the three found."""
    found, total = ours(activity)
    parts = [activity[i : i + PART] for i in range(0, len(activity), PART)]
    with concurrent.futures.ProcessPoolExecutor() as pool:
        done = list(pool.map(searched, parts))
    others = {name: np.concatenate([part[name] for part in done]) for name in done[0]}
    best = np.minimum.reduce([found.chi2, *(other[:, 0] for other in others.values())])
    enough = best * (1 + 1e-6) + 1e-12
    reached = found.chi2 <= enough
    words = f"of {len(activity)} curves"
    name = "chi-square within 1 + 1e-6 of the best of three, ours"
    yield Line(name, f"{reached.mean():.4%}", words, "99.99%")
    for name, other in others.items():
        short = other[:, 0] > enough
        yield Line(f"optimum missed by {name}", f"{short.mean():.4%}", words)
        failed = other[:, 2] == 0
        yield Line(f"no success or no covariance from {name}", f"{failed.mean():.4%}", words)
    yield tia_agrees(found.collapsed, total, *others.values())


def tia_agrees(collapsed: np.ndarray, total: np.ndarray, *others: np.ndarray) -> Line:
    """Compare with the better of the others: the worse one may have stopped early."""
    chi2 = np.array([other[:, 0] for other in others])
    better = np.array([other[:, 1] for other in others])[chi2.argmin(axis=0), range(len(total))]
    apart = np.abs(better / total - 1)[~collapsed]
    words = f"of {len(apart)} with an uptake to be seen; largest difference {apart.max():.2g}"
    return Line("TIA within 1e-4 of the better other", f"{(apart < 1e-4).mean():.4%}", words, "")


def times(activity: np.ndarray) -> Iterator[Line]:
    """Measure the three in turns."""
    ours(activity[:10])
    ratios: dict[str, list[float]] = {"lmfit": [], "curve_fit": []}
    own = []
    for turn in range(TURNS):
        part = activity[turn * PART : (turn + 1) * PART]
        for name, search in (("lmfit", by_lmfit), ("curve_fit", by_curve_fit)):
            own.append(seconds_per_curve(ours, activity))
            loop = seconds_per_curve(lambda rows, one=search: [one(row) for row in rows], part)
            ratios[name].append(loop / own[-1])
    yield Line.of("microseconds a curve of fit_batch", [one * 1e6 for one in own], "")
    for name, asked in (("lmfit", "at least 500"), ("curve_fit", "at least 250")):
        yield Line.of(f"ratio {name}", ratios[name], asked)


def lines() -> Iterator[Line]:
    """Measure times and compare optima."""
    warnings.simplefilter("ignore")
    activity = curves(COUNT)
    yield from times(activity)
    yield from optima(activity)
