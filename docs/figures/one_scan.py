"""Bias and spread of the dose from one scan, by the time of the scan.

Simulated patients have mono-exponential kidneys with the population's effective half-life (table
``effective_half_lives_lu177_dotatate``) and 10 % log-normal scan noise; each is scanned once, and
the time-integrated activity is read off with the population's half-life, as ``dosimetry.plan``
does, or with Hänscheid's rule. Writes ``one_scan.svg`` beside this file, the same bytes every time.

Run from the root of the repository: ``python docs/figures/one_scan.py``
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from dosimetry.physics.decay import LN2
from dosimetry.physics.one_scan import EARLIEST, LATEST, hanscheid
from dosimetry.physics.posterior import (
    HalfLifePrior,
    Measured,
    RegionPrior,
    SlowPrior,
    posterior_of,
)
from dosimetry.physics.prediction import log_variance
from dosimetry.reference import nuclides, population

PATIENTS = 10_000
NOISE = 0.10  # relative sd of one scan
TIMES = np.arange(4.0, 169.0, 2.0)  # h
PERCENT = 100.0
EXACT = 1e-3  # sd of ln T between cycles: here there is one
INK, ACCENT, SHADE = "#1b1b1b", "#a6431f", "#e9e4d8"
STYLE = {
    "svg.hashsalt": "dosimetry",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.8,
}


def one_scan(time: float, slow: SlowPrior) -> float:
    """Return the median TIA in MBq h of 1 MBq at a time in h, mono-exponential."""
    value, relative = np.ones(1), np.ones(1, dtype=bool)
    scan = Measured(0, "", time * value, value, NOISE * value, relative, ("mono",), np.inf)
    fast = HalfLifePrior(1.0, 1.0)  # not used by a mono-exponential
    return posterior_of([scan], RegionPrior(slow, fast, fast, 0.0))[0].tia.p50


def simulate() -> dict[str, np.ndarray]:
    """Return percentiles and spread of (estimate / truth - 1) in %, by scan time.

    Returns
    -------
    dict
        ``one_scan`` and ``hanscheid``: 5th percentile, median and 95th, shape (3, times);
        ``half_life`` and ``both``: half the width of the central 68 %, shape (times,).
    """
    found = population.effective_half_life("kidneys")
    if found is None:
        raise LookupError("the table has no half-life of the kidneys")
    median, cv, _ = found
    physical = nuclides.half_life("Lu-177")
    log_sd = log_variance(cv) ** 0.5
    rng = np.random.default_rng(177)
    half_life = np.minimum(median * np.exp(log_sd * rng.standard_normal(PATIENTS)), physical)
    noise = np.exp(log_variance(NOISE) ** 0.5 * rng.standard_normal(PATIENTS))
    area = half_life / LN2  # of a curve that starts at 1 MBq
    columns: dict[str, list[np.ndarray]] = {
        name: [] for name in ("one_scan", "hanscheid", "half_life", "both")
    }
    for time in TIMES:
        seen = np.exp2(-time / half_life)
        per_activity = one_scan(float(time), SlowPrior(median, log_sd, EXACT, physical))
        alone = seen * per_activity / area - 1.0
        scanned = seen * noise * per_activity / area - 1.0
        rule = seen * noise * hanscheid.kernel(1.0, time) / area - 1.0
        columns["one_scan"].append(np.percentile(scanned, [5, 50, 95]))
        columns["hanscheid"].append(np.percentile(rule, [5, 50, 95]))
        columns["half_life"].append(_half_width(alone))
        columns["both"].append(_half_width(scanned))
    return {name: PERCENT * np.array(values).T for name, values in columns.items()}


def _half_width(errors: np.ndarray) -> np.ndarray:
    """Return half the width of the central 68 %: the sd, where the errors are normal."""
    low, high = np.percentile(errors, [15.87, 84.13])
    return (high - low) / 2


def draw(found: dict[str, np.ndarray]) -> Figure:
    """Return the figure: error above, its spread below."""
    row = population.effective_half_life("kidneys")
    if row is None:
        raise SystemExit("the table has no effective half-life of the kidneys")
    median = row[0]
    figure = Figure(figsize=(6.3, 6.0), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    for axes in (above, below):
        axes.axvspan(EARLIEST * median, LATEST * median, color=SHADE, zorder=0, linewidth=0)
        axes.grid(axis="y", color="#d0d0d0", linewidth=0.5)
        axes.set_axisbelow(True)
    _errors(above, found)
    _spread(below, found)
    above.text(
        (EARLIEST + LATEST) / 2 * median,
        76,
        f"{EARLIEST:g} to {LATEST:g} half-lives of {median:g} h",
        ha="center",
        va="top",
    )
    below.set_xlabel("time of the scan after administration [h]")
    below.set_xticks(range(0, 169, 24))
    below.set_xlim(0, 172)
    return figure


def _errors(axes: mpl.axes.Axes, found: dict[str, np.ndarray]) -> None:
    low, middle, high = found["one_scan"]
    axes.fill_between(TIMES, low, high, color=ACCENT, alpha=0.25, linewidth=0)
    axes.plot(TIMES, middle, color=ACCENT, linewidth=1.8)
    for line in (found["hanscheid"][0], found["hanscheid"][2]):
        axes.plot(TIMES, line, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
    axes.plot(TIMES, found["hanscheid"][1], color=INK, linewidth=1.2, linestyle=(0, (5, 2)))
    axes.axhline(0.0, color=INK, linewidth=0.8, zorder=1)
    axes.set_ylim(-95, 80)
    axes.set_ylabel("error of the time-integrated\nactivity [%]")
    axes.annotate(
        "population's\nhalf-life: median\nand 5 to 95 %",
        (10, 30),
        (3, 76),
        va="top",
        color=ACCENT,
        arrowprops={"arrowstyle": "-", "color": ACCENT, "linewidth": 0.8, "shrinkB": 0},
    )
    at = int(np.searchsorted(TIMES, 22))
    axes.annotate(
        "Hänscheid's rule: median,\n5 and 95 % (dotted)",
        (TIMES[at], found["hanscheid"][1][at]),
        (44, -62),
        va="center",
        color=INK,
        arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.8, "shrinkB": 0},
    )


def _spread(axes: mpl.axes.Axes, found: dict[str, np.ndarray]) -> None:
    axes.plot(TIMES, found["both"], color=ACCENT, linewidth=1.8)
    axes.plot(TIMES, found["half_life"], color=INK, linewidth=1.2, linestyle=(0, (5, 2)))
    axes.axhline(PERCENT * NOISE, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
    axes.set_ylim(0, 40)
    axes.set_ylabel("spread: half the width\nof the central 68 % [%]")
    axes.text(4, PERCENT * NOISE - 0.8, "scan noise alone", va="top")
    axes.text(94, 2.2, "half-life alone", va="center", ha="left")
    axes.text(40, 16.5, "both", color=ACCENT, va="center", ha="left")


def main() -> None:
    """Write the figure."""
    with mpl.rc_context(STYLE):
        figure = draw(simulate())
        figure.savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main()
