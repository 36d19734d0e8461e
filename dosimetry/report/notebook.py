"""Plans, flags and curves as HTML for notebooks."""

from __future__ import annotations

import datetime as dt
import html as markup
import sys
from typing import Any

from dosimetry.documents.fit import PlanCurve
from dosimetry.documents.flags import Flags
from dosimetry.documents.plan import Plan
from dosimetry.report.page.cells import Cell, Number, Table
from dosimetry.report.words.names import words

HOME = "dosimetry.documents.plan"  # module of the types; it does not import IPython


def load_ipython_extension(shell: Any) -> None:
    """Register the HTML formatters with IPython: ``%load_ext dosimetry.report``."""
    formatter = shell.display_formatter.formatters["text/html"]
    for shown, show in ((Plan, of_plan), (Flags, of_flags), (PlanCurve, of_curve)):
        formatter.for_type(shown, show)


def register() -> None:
    """Register the HTML formatters if running inside IPython."""
    running = sys.modules.get("IPython")
    shell = running.get_ipython() if running is not None else None
    if shell is not None:
        load_ipython_extension(shell)


def of_plan(plan: Plan, as_of: dt.date | None = None) -> str:
    """Return a plan as HTML: statements, picture of the limits, cycles and limits.

    Parameters
    ----------
    plan : Plan
    as_of : date, optional
        The day of the statement on the next dose; default today.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/nothing_measured.yaml"))
    >>> "NOT RELEASED, cycle 1:" in of_plan(plan, dt.date(2026, 1, 5))
    True
    """
    from dosimetry.report.figures import file_of, pictures
    from dosimetry.report.page import dose_tables
    from dosimetry.report.words.first_statements import answer
    from dosimetry.report.words.today import day_of

    as_of = as_of or day_of(None)
    limits = [
        file_of(picture, "svg").decode() for picture in pictures(plan) if picture.group == "limits"
    ]
    return "".join(
        (
            f"<p><b>{_text(plan.patient.id)}</b>, {_text(plan.therapy.radiopharmaceutical)}, "
            f"{_text(plan.therapy.description)}, as of {as_of}</p>",
            *(
                f"<p><b>{_text(statement.head)}</b> {_text(statement.text)}</p>"
                for statement in answer(plan, as_of)
            ),
            *limits,
            _table(dose_tables.cycles(plan, as_of)),
            _table(dose_tables.limits(plan)),
            f"<p><i>{_text(plan.disclaimer)}</i></p>",
        )
    )


def of_flags(flags: Flags) -> str:
    """Return flags as an HTML table."""
    from dosimetry.report.page import dose_tables

    return _table(dose_tables.flags(flags))


def of_curve(curve: PlanCurve) -> str:
    """Return a curve as HTML: its picture and its points."""
    from dosimetry.report.figures import file_of
    from dosimetry.report.figures.curves import picture_of
    from dosimetry.report.page import dose_tables

    drawn = file_of(picture_of(curve), "svg").decode()
    return drawn + _table(dose_tables.points((curve,), words(curve.region)))


def _table(table: Table) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in table.columns)
    rows = "".join(
        f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    return f"<table><caption>{_text(table.caption)}</caption><tr>{head}</tr>{rows}</table>"


def _cell(cell: Cell) -> str:
    return "".join(_text(part.shown if isinstance(part, Number) else part) for part in cell.parts)


def _text(words: str) -> str:
    return f"<bdi>{markup.escape(words)}</bdi>"
