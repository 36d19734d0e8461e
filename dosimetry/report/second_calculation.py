"""How far the second calculation of a plan is from the first: in a sentence, and as a table."""

from __future__ import annotations

from typing import get_args

from dosimetry.report.cells import Cell, Table, number, table
from dosimetry.report.numbers import plain
from dosimetry.report.terminal_parts import words
from dosimetry.therapy.plan import Plan
from dosimetry.therapy.plan_check import Checked, Comparison


def farthest(plan: Plan) -> str:
    """Say how far the regions with a limit are apart, or the farthest of all; and the verdict.

    Examples
    --------
    >>> import dosimetry
    >>> farthest(dosimetry.plan(dosimetry.read_patient("examples/snmmi_patient4.yaml")))
    'kidneys 0.03 % apart, passed'
    """
    limited = dict.fromkeys(flag.region for flag in plan.flags)
    apart: dict[str, float] = {}
    for one in plan.second_check:
        apart[one.region] = max(one.difference.value, apart.get(one.region, 0.0))
    shown = [name for name in limited if name in apart] or [max(apart, key=lambda n: apart[n])]
    verdict = "passed" if all(one.passed for one in plan.second_check) else "FAILED"
    said = ", ".join(f"{words(name)} {apart[name]:.2f} % apart" for name in shown)
    return f"{said}, {verdict}"


def comparisons(plan: Plan) -> Table:
    """Return one row per region and cycle: how far its figures are apart, and what is allowed."""
    rows: dict[tuple[int, str], dict[Checked, Comparison]] = {}
    for one in plan.second_check:
        rows.setdefault((one.cycle, one.region), {})[one.quantity] = one
    return table(
        "How far the second calculation is from the first, in percent; in brackets what is allowed",
        ("region, cycle", *(f"{quantity} [%]" for quantity in QUANTITIES), "dose also by"),
        (
            (
                f"{words(region)}, {cycle}",
                *(_apart(found.get(quantity)) for quantity in QUANTITIES),
                found["absorbed dose"].by if "absorbed dose" in found else None,
            )
            for (cycle, region), found in rows.items()
        ),
    )


QUANTITIES: tuple[Checked, ...] = get_args(Checked)


def _apart(one: Comparison | None) -> Cell | None:
    if one is None:
        return None
    apart, allowed = one.difference.value, one.tolerance.value
    return Cell(
        (
            number(apart, f"{apart:.3f}"),
            " (",
            number(allowed, plain(allowed), "allowed"),
            ")" if one.passed else ") FAILED",
        ),
        f"second_check/{one.cycle}/{one.region}/{one.quantity}",
    )
