"""Write ``docs/calibration.md`` and its figure from two tables, calibration and continuity.

The last step of ``make calibration``; the same bytes every time.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

DOCS = Path(__file__).resolve().parent
FIGURE = DOCS / "figures" / "calibration.svg"
SEED, DRAWS = 20261127, 2000
AVERAGE, OWN, LEAST, RIGHT = "average", "model of the truth", "least squares", "as the prior"
REGIONS = ("kidneys", "liver", "tumour")
MARKS = {"mono": ("o", "#1b1b1b"), "uptake": ("^", "#a6431f"), "bi": ("s", "#1f5f99")}
LOW, HIGH = 0.88, 0.92
STYLE = {
    "svg.hashsalt": "dosimetry",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
Row = dict[str, str]
COLUMNS = (
    "region", "scans in h", "truth", "average: coverage", "bias, %", "width, %",
    "own model: coverage", "width, %", "least squares: coverage", "bias, %", "width, %",
)  # fmt: skip

INTRODUCTION = f"""# Calibration of the intervals

A 90 % interval of a time-integrated activity (TIA) should hold the truth in 90 of 100 patients.
This page counts how often it does. `make calibration` draws curves from the priors of the
estimator (table `effective_half_lives`, table `curve_priors`), by code that shares nothing with
the estimator. It scans them with 10 % noise and estimates them. Each row has {DRAWS} curves, so
that a coverage of 0.90 has a standard error of 0.007. Seed {SEED}.

- **Average**: the estimator of a plan, the average of `mono` and `uptake`; with a scan within 10
  h also of `bi` and `bi-uptake`.
- **Own model**: the posterior of the model from which the curve was drawn.
- **Least squares**: `auto`, with the posterior flat in the slowest rate (kidneys only).
- **Bias**: mean of estimate / truth - 1. **Width**: half the 90 % interval relative to its median
  (median over curves).

![Coverage of the 90 % interval by scans](figures/calibration.svg)
"""
FIRST = """
## First cycle

- With the model of the truth, coverage is 0.87 to 0.92 at every number of scans. A poor fit widens
  the interval, and a good one does not narrow it.
- The average holds its nominal coverage over the models that it averages, not for each of them.
  Without a scan on the rise of a curve, one of them lies above the truth and another one below
  it.
- A bi-exponential truth with late scans alone (72 h; 24 + 168 h; 24 + 96 + 168 h) is covered too
  seldom, and its TIA is too small. These scans do not show the fast phase, so that its prior
  alone would decide the dose: the column of the own model shows intervals two to three times as
  wide. A plan assumes no fast phase then, and states it.

"""
LATER = """
## After earlier cycles

Cycle 1 has four scans, the reported cycle has fewer. Its half-life and, where it has fewer scans
than the model of cycle 1 needs, its shape come from cycle 1.

| region | truth | earlier cycles, scans in h | scans in h | coverage | bias, % | width, % |
| --- | --- | --- | --- | --- | --- | --- |
"""
WRONG = """
## The price of a wrong prior

Kidneys, `mono` alone, the prior as in the tables (half-life 51 h, cv 0.20, between cycles 0.10),
the truth different. A single scan far from one to two half-lives and two early scans rest on the
prior and lose coverage. With a late and an early scan the prior hardly matters.

| truth drawn | earlier cycles, scans in h | scans in h | coverage | bias, % | width, % |
| --- | --- | --- | --- | --- | --- |
"""
CHANGES = """
## Sharpness and continuity

Sharpness compares the posterior of one model with least squares of the same model (its posterior
flat in the slowest rate). Asked are 99 of 100 curves with the TIA within 5 % (four scans) or 1 %
(eight scans), and the ratio of the sds between 0.85 and 1.10. The misfit factor belongs to the
posterior alone. Continuity moves one point of a random curve (1 to 8 scans, noise of 3 to 30 %,
all truths) by 0.1 %. Asked are changes of the median below 1 % and of the sd below 5 %.

With 10 % noise and eight scans, the prior of the half-life still has some five per cent of the
information, so that an unusual half-life moves the TIA by more than 1 %. With 3 % noise it does
not. The rates of a fast phase are hardly determined by the points, least squares with a flat
prior leaves them open, and its sd is up to a hundred times as large.

One curve of 10,000 moves by more than 1 %: a tumour with two scans within 18 minutes. It is the
posterior that moves so far, not its computation: weighted draws from the priors, without any
quadrature, move nearly as far. Two scans so close hardly tell a rise from a fall. Models without
uptake have a probability of 0.40 then, those with uptake 0.60 and two to three times the TIA. The
median lies in the gap between the two, the 90 % interval holds both.

| question | curves | answer |
| --- | --- | --- |
"""


def table(name: str) -> list[Row]:
    """Return the rows of a table, none where it is not there."""
    file = DOCS / f"{name}.csv"
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def cells(row: Row | None, *names: str) -> list[str]:
    """Return numbers of a row as text; empty ones without a row."""
    if row is None:
        return [""] * len(names)
    return [f"{float(row[n]):.2f}" if n == "coverage" else f"{float(row[n]):.1f}" for n in names]


def line(*texts: str) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(texts)} |\n"


def first_cycles(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of the first cycle."""
    found: dict[tuple[str, str, str, str], Row] = {}
    for row in rows:
        if not row["earlier"] and row["drawn"] == RIGHT:
            key = row["region"], row["scans"], row["truth"], row["estimator"]
            found.setdefault(key, row)  # mono alone comes again, in the cells of a wrong prior
    for region, scans, truth, estimator in found:
        if estimator != AVERAGE:
            continue
        average, own, least = (
            found.get((region, scans, truth, name)) for name in (AVERAGE, OWN, LEAST)
        )
        yield line(
            region, scans, truth,
            *cells(average, "coverage", "bias", "half_width"),
            *cells(own, "coverage", "half_width"),
            *cells(least, "coverage", "bias", "half_width"),
        )  # fmt: skip


def page(rows: Sequence[Row], changes: Sequence[Row]) -> str:
    """Return the page."""
    numbers = ("coverage", "bias", "half_width")
    later = [row for row in rows if row["earlier"] and row["estimator"] == AVERAGE]
    return "".join((
        INTRODUCTION, FIRST, line(*COLUMNS), line(*["---"] * len(COLUMNS)), *first_cycles(rows),
        LATER, *(
            line(r["region"], r["truth"], r["earlier"], r["scans"], *cells(r, *numbers))
            for r in later
        ),
        WRONG, *(
            line(r["drawn"], r["earlier"] or "none", r["scans"], *cells(r, *numbers))
            for r in rows if r["estimator"] == OWN and (r["drawn"] != RIGHT or r["earlier"])
        ),
        CHANGES if changes else "",
        *(line(r["question"], r["curves"], r["answer"]) for r in changes),
        "\nNot a medical device; a qualified physicist must check.\n",
    ))  # fmt: skip


def draw(rows: Sequence[Row]) -> Figure:
    """Return the figure: coverage by scans, one panel a region, one mark a truth."""
    own = [row for row in rows if not row["earlier"] and row["drawn"] == RIGHT]
    scans = list(dict.fromkeys(r["scans"] for r in own if r["estimator"] == AVERAGE))
    scans.sort(key=lambda each: (each.count("+"), each.startswith("24"), len(each)))
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    panels = figure.subplots(1, len(REGIONS), sharex=True, sharey=True)
    for axes, region in zip(panels, REGIONS, strict=True):
        axes.axvspan(LOW, HIGH, color="#e9e4d8", zorder=0, linewidth=0)
        axes.axvline(0.90, color="#1b1b1b", linewidth=0.6)
        for truth, (mark, colour) in MARKS.items():
            for estimator, face in ((AVERAGE, colour), (LEAST, "none")):
                shown = [
                    r for r in own
                    if (r["region"], r["truth"], r["estimator"]) == (region, truth, estimator)
                ]  # fmt: skip
                axes.scatter(
                    [float(r["coverage"]) for r in shown], [scans.index(r["scans"]) for r in shown],
                    marker=mark, s=22, facecolors=face, edgecolors=colour, linewidths=0.9,
                    label=f"{truth}, {estimator}" if shown else None, zorder=3,
                )  # fmt: skip
        axes.set_title(region, fontsize=8)
        axes.set_xlabel("coverage of the 90 % interval")
    panels[0].set_yticks(range(len(scans)), [f"{each} h" for each in scans])
    panels[0].invert_yaxis()
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
    )
    return figure


def main() -> None:
    """Write page and figure."""
    rows = table("calibration")
    (DOCS / "calibration.md").write_text(page(rows, table("continuity")), encoding="utf-8")
    with mpl.rc_context(STYLE):
        draw(rows).savefig(FIGURE, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main()
