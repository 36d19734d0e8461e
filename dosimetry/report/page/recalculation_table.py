"""The independent recalculation of a plan: its result in a sentence, and as a table."""

from __future__ import annotations

from typing import get_args

from dosimetry.documents.plan import Plan
from dosimetry.documents.recalculation import Checked, Recalculation
from dosimetry.report.numbers import plain
from dosimetry.report.page.cells import Cell, Table, number, table
from dosimetry.report.words.names import words

QUANTITIES: tuple[Checked, ...] = get_args(Checked)


def differences(plan: Plan) -> Table:
    """Return one row per region and cycle: differences of its figures, and the largest allowed."""
    rows: dict[tuple[int, str], dict[Checked, Recalculation]] = {}
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


def _difference(figure: Recalculation | None) -> Cell | None:
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
