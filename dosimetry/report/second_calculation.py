"""How far the second calculation of a plan is from the first: in a sentence, and as a table."""

from __future__ import annotations

from dosimetry.report.cells import Cell, Table, amount, number, table
from dosimetry.report.numbers import plain, unit_words
from dosimetry.report.terminal_parts import words
from dosimetry.therapy.plan import Plan
from dosimetry.therapy.plan_check import Comparison


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
    """Return one row per figure that was computed twice."""
    return table(
        "Every figure that was computed twice",
        (
            "region, cycle", "figure", "first", "second", "apart [%]", "allowed [%]", "outcome",
            "second one by",
        ),
        (
            (
                f"{words(one.region)}, {one.cycle}",
                one.quantity,
                _figure(one, "first"),
                _figure(one, "second"),
                amount(one.difference, _place(one, "difference"), f"{one.difference.value:.3f}"),
                amount(one.tolerance, _place(one, "tolerance"), plain(one.tolerance.value)),
                Cell(("passed" if one.passed else "FAILED",), _place(one, "passed")),
                one.by,
            )
            for one in plan.second_check
        ),
    )  # fmt: skip


def _figure(one: Comparison, which: str) -> Cell:
    """Return a figure with more digits than it is worth: the difference is in the last ones."""
    found = one.first if which == "first" else one.second
    shown = number(found.value, plain(found.value, 5))
    return Cell((shown, f" {unit_words(found.unit)}"), _place(one, which))


def _place(one: Comparison, field: str) -> str:
    return f"second_check/{one.cycle}/{one.region}/{one.quantity}/{field}"
