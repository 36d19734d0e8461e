"""Measure how often the 90 % interval of a TIA holds the truth.

Curves are drawn from the priors of the estimator (``tests/builders/true_curves.py``, code of its
own), scanned with 10 % noise, and estimated. Writes ``docs/calibration.csv``, the same bytes every
time, which ``docs/calibration_page.py`` shows. Finished cells stay in ``calibrated/``, and only
those that are missing are computed; all of them take half an hour on two free cores.
"""

from __future__ import annotations

import csv
import json
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import true_curves

from dosimetry.physics.decay import LN2
from dosimetry.physics.fitted_curve import FittedCurve
from dosimetry.physics.fitting import Task, fit_many
from dosimetry.physics.posterior import (
    CurveNodes,
    Measured,
    RegionPrior,
    nodes_of_curves,
    posterior_of_nodes,
)
from dosimetry.problems import InputError

ROOT = Path(__file__).resolve().parent.parent

TABLE = ROOT / "docs" / "calibration.csv"
KEPT = ROOT / "calibrated"
SEED, DRAWS, NOISE = 20261127, 2000, 0.10
BLOCK = 40  # curves at a time, for the processor's cache
NORMAL_90 = 1.6448536269514722  # sds on either side of the mean: 90 % of a normal distribution
PERCENT = 100.0
REGIONS = ("kidneys", "liver", "tumour")
TRUTHS = ("mono", "uptake", "bi")
Scans = tuple[float, ...]
USUAL: tuple[Scans, ...] = (
    (72,), (4, 24), (24, 168), (24, 96, 168), (4, 24, 96, 168), (1, 4, 24, 96, 168),
    (1, 4, 24, 48, 96, 168),
)  # fmt: skip
MONO_SCANS: tuple[Scans, ...] = ((24,), (72,), (168,), (4, 24), (24, 168), (24, 96, 168))
FULL: Scans = (4, 24, 96, 168)
LATER: tuple[tuple[Scans, ...], ...] = (
    ((24,),), ((72,),), ((24, 168),), ((72,), (72,)),
)  # fmt: skip
SINGLE_LATER: tuple[tuple[Scans, ...], ...] = (((24,),), ((72,),), ((96,),), ((168,),))
AVERAGE, OWN, LEAST = "average", "model of the truth", "least squares"
RIGHT = "as the prior"


@dataclass(frozen=True)
class Cell:
    """Curves of one kind: the truth, the scans, the models of the estimator.

    Attributes
    ----------
    region, truth : str
    first : tuple of float
        Scans of cycle 1 in h.
    later : tuple
        Scans of each further cycle, one tuple for each course to be tried.
    models : tuple of str
        Models of every curve; empty for those that a plan averages.
    wrong : dict
        How the truth differs from the prior (arguments of ``true_curves.prior_of``).
    words : str
        The same in words.
    """

    region: str
    truth: str
    first: Scans
    later: tuple[tuple[Scans, ...], ...] = ((),)
    models: tuple[str, ...] = ()
    wrong: dict[str, float] = field(default_factory=dict)
    words: str = RIGHT

    def name(self) -> str:
        """Return all that the cell depends on, as text."""
        later = f" later {self.later}" if any(self.later) else ""
        return f"{self.region} {self.truth} {self.first} {self.models} {self.words}{later}"

    def file(self) -> Path:
        """Return where the rows of the cell are kept."""
        return KEPT / f"{zlib.crc32(self.name().encode()):08x}.json"


@dataclass(frozen=True)
class Row:
    """Result of one estimator; scans of the earlier cycles and of the reported one."""

    region: str
    truth: str
    drawn: str
    earlier: str
    scans: str
    estimator: str
    curves: int
    coverage: float
    bias: float
    half_width: float


Found = tuple[float, float, float, float]  # reported value, 5th, 50th and 95th percentile


def cells() -> Iterator[Cell]:
    """Yield all cells."""
    for truth in TRUTHS:
        yield Cell("kidneys", truth, FULL, LATER)
    yield Cell("liver", "mono", FULL, LATER)
    yield Cell("tumour", "uptake", FULL, LATER)
    for region in REGIONS:
        for scans in USUAL:
            for truth in TRUTHS:
                yield Cell(region, truth, scans)
    for scans in USUAL:
        if scans[0] <= true_curves.SEEN:
            yield Cell("kidneys", "bi-uptake", scans)
    yield Cell("kidneys", "uptake", (1, 24, 96, 168))
    for wrong, words in (
        ({}, RIGHT), ({"cv": 0.30}, "cv 0.30"), ({"median": 60.0}, "half-life 60 h"),
    ):  # fmt: skip
        for scans in MONO_SCANS:
            yield Cell("kidneys", "mono", scans, ((),), ("mono",), wrong, words)
    for wrong, words in (({}, RIGHT), ({"between": 0.20}, "between-cycle cv 0.20")):
        yield Cell("kidneys", "mono", FULL, SINGLE_LATER, ("mono",), wrong, words)


def rows_of(cell: Cell) -> list[Row]:
    """Return the rows of a cell."""
    rng = np.random.default_rng([SEED, zlib.crc32(cell.name().encode())])
    prior = true_curves.prior_of(cell.region)
    of_truth = true_curves.prior_of(cell.region, **cell.wrong)
    cycles = 1 + max(len(later) for later in cell.later)
    found: dict[tuple[tuple[Scans, ...], str], list[tuple[float, Found]]] = {}
    for _ in range(DRAWS // BLOCK):
        truth = true_curves.drawn(rng, of_truth, cell.truth, BLOCK, cycles)
        curves, nodes = _scanned(rng, truth, cell.first, 0, cell.models, prior)
        for later in cell.later:
            own = [(curves, nodes)] + [
                _scanned(rng, truth, scans, cycle, cell.models, prior)
                for cycle, scans in enumerate(later, 1)
            ]
            right = truth.tia(len(later))
            for estimator, results in _estimates(cell, own, prior):
                pairs = [(right[i], each) for i, each in results]
                found.setdefault((later, estimator), []).extend(pairs)
    return [_row(cell, later, estimator, pairs) for (later, estimator), pairs in found.items()]


Batch = tuple[list[Measured], list[CurveNodes]]


def _scanned(
    rng: np.random.Generator,
    truth: true_curves.TrueCurves,
    scans: Scans,
    cycle: int,
    models: tuple[str, ...],
    prior: RegionPrior,
) -> Batch:
    curves = true_curves.scanned(rng, truth, scans, NOISE, cycle, models or None)
    return curves, nodes_of_curves(curves, [prior] * len(curves))


def _estimates(
    cell: Cell, cycles: list[Batch], prior: RegionPrior
) -> Iterator[tuple[str, list[tuple[int, Found]]]]:
    """Yield estimators, each with the number of the curve and its TIA in the last cycle."""
    estimator = AVERAGE if not cell.models else OWN
    yield estimator, list(enumerate(_posteriors(cycles, prior)))
    if len(cycles) > 1 or cell.models:
        return
    curves, nodes = cycles[0]
    if cell.truth in nodes[0].models:
        alone = [only(own, cell.truth) for own in nodes]
    else:
        curves = [replace(curve, models=(cell.truth,)) for curve in curves]
        alone = nodes_of_curves(curves, [prior] * len(curves))
    yield OWN, list(enumerate(_posteriors([(curves, alone)], prior)))
    if len(cell.first) > 1 and cell.region == "kidneys":
        yield LEAST, list(_least_squares(curves))


def only(nodes: CurveNodes, model: str) -> CurveNodes:
    """Return the nodes of one model of a curve."""
    index = nodes.models.index(model)
    kept = np.flatnonzero(nodes.model == index)
    return CurveNodes(
        (model,), np.zeros(len(kept), int), nodes.slow[kept], nodes.log_half_life,
        nodes.weight[kept] / nodes.weight[kept].max(), nodes.shapes.chosen(kept),
        nodes.log_tia[kept], nodes.variance[kept], nodes.chi2[index : index + 1],
    )  # fmt: skip


def _posteriors(cycles: list[Batch], prior: RegionPrior) -> Iterator[Found]:
    for i in range(len(cycles[0][0])):
        curves = [batch[0][i] for batch in cycles]
        tia = posterior_of_nodes(curves, [batch[1][i] for batch in cycles], prior)[-1].tia
        yield tia.mean, tia.p5, tia.p50, tia.p95


def _least_squares(curves: Sequence[Measured]) -> Iterator[tuple[int, Found]]:
    """Yield the TIA that a plan takes from least squares; a trapezoid has a symmetric interval."""
    slowest = LN2 / true_curves.PHYSICAL
    tasks = [Task(c.time, c.activity, c.sd, "auto", slowest, relative=True) for c in curves]
    for i, fit in enumerate(fit_many(tasks)):
        if isinstance(fit, InputError):
            continue
        yield i, _interval(fit)


def _interval(fit: FittedCurve) -> Found:
    own = fit.posterior
    if own is not None:
        return own.mean, own.p5, own.p50, own.p95
    value, reach = fit.tia.value, NORMAL_90 * (fit.tia.sd or math.inf)
    return value, value - reach, value, value + reach


def _row(
    cell: Cell, later: tuple[Scans, ...], estimator: str, pairs: list[tuple[float, Found]]
) -> Row:
    truth = np.array([pair[0] for pair in pairs])
    mean, low, middle, high = np.array([pair[1] for pair in pairs]).T
    *earlier, last = (cell.first, *later)
    return Row(
        cell.region, cell.truth, cell.words, "; ".join(map(hours, earlier)), hours(last),
        estimator, len(pairs),
        float(np.mean((low <= truth) & (truth <= high))),
        PERCENT * float(np.mean(mean / truth - 1.0)),
        PERCENT * float(np.median((high - low) / (2.0 * middle))),
    )  # fmt: skip


def hours(scans: Scans) -> str:
    """Return times as text: ``4 + 24``."""
    return " + ".join(f"{time:g}" for time in scans)


def kept_rows(cell: Cell) -> list[Row]:
    """Return the rows of a cell; compute and keep them where they are missing."""
    file = cell.file()
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        listed = [asdict(row) for row in rows_of(cell)]
        part = file.with_suffix(".part")
        part.write_text(json.dumps(listed), encoding="utf-8")
        part.rename(file)
    rows = [Row(**row) for row in json.loads(file.read_text(encoding="utf-8"))]
    print(f"{cell.name()}: {rows[0].coverage:.3f}", flush=True)
    return rows


def write_rows(rows: Sequence[Row]) -> None:
    """Write all rows as CSV."""
    with TABLE.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([each.name for each in fields(Row)])
        for row in rows:
            writer.writerow([
                row.region, row.truth, row.drawn, row.earlier, row.scans, row.estimator,
                row.curves, f"{row.coverage:.4f}", f"{row.bias:.2f}", f"{row.half_width:.2f}",
            ])  # fmt: skip


def main() -> None:
    """Measure and write."""
    print(f"seed {SEED}, {DRAWS} draws a cell, noise {NOISE:.0%}", flush=True)
    listed = list(cells())
    with Pool(2) as pool:
        write_rows([row for rows in pool.map(kept_rows, listed, chunksize=1) for row in rows])


if __name__ == "__main__":
    main()
