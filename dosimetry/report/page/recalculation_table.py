"""The independent recalculation of a plan: its result in a sentence, and as a table."""

from __future__ import annotations

from typing import get_args

from dosimetry.report.cells import Cell, Table, number, table
from dosimetry.report.numbers import plain
from dosimetry.report.terminal_parts import words
from dosimetry.therapy.kidneys import pair_of
from dosimetry.therapy.plan import Plan
from dosimetry.therapy.plan_check import Checked, Comparison

QUANTITIES: tuple[Checked, ...] = get_args(Checked)
SMALLEST = 0.005  # in %; less is shown as "< 0.01 %"


def result(plan: Plan) -> str:
    """Return whether the recalculation agrees, and the largest difference.

    Parameters
    ----------
    plan : Plan
        With at least one delivered cycle.

    Examples
    --------
    >>> import dosimetry
    >>> result(dosimetry.plan(dosimetry.read_patient("examples/two_cycles.yaml")))
    'agrees (largest difference 0.35 %, kidneys)'
    """
    largest = max(plan.second_check, key=lambda figure: figure.difference.value)
    percent = largest.difference.value
    difference = "< 0.01 %" if percent < SMALLEST else f"{percent:.2f} %"
    region = words(pair_of(largest.region))
    agrees = all(figure.passed for figure in plan.second_check)
    verdict = "agrees" if agrees else "DOES NOT AGREE"
    return f"{verdict} (largest difference {difference}, {region})"


def differences(plan: Plan) -> Table:
    """Return one row per region and cycle: differences of its figures, and the largest allowed."""
    rows: dict[tuple[int, str], dict[Checked, Comparison]] = {}
    for figure in plan.second_check:
        rows.setdefault((figure.cycle, figure.region), {})[figure.quantity] = figure
    return table(
        "Difference of the recalculation in percent; in brackets the largest allowed",
        ("region, cycle", *(f"{quantity} [%]" for quantity in QUANTITIES), "dose also by"),
        (
            (
                f"{words(region)}, {cycle}",
                *(_difference(figures.get(quantity)) for quantity in QUANTITIES),
                figures["absorbed dose"].by if "absorbed dose" in figures else None,
            )
            for (cycle, region), figures in rows.items()
        ),
    )


def _difference(figure: Comparison | None) -> Cell | None:
    if figure is None:
        return None
    percent, allowed = figure.difference.value, figure.tolerance.value
    return Cell(
        (
            number(percent, f"{percent:.3f}"),
            " (",
            number(allowed, plain(allowed), "allowed"),
            ")" if figure.passed else ") DOES NOT AGREE",
        ),
        f"second_check/{figure.cycle}/{figure.region}/{figure.quantity}",
    )
