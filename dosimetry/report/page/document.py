"""The report of a plan as one file: HTML, or PDF made from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dosimetry.documents.fit import PlanCurve
from dosimetry.documents.plan import Plan, need_plan
from dosimetry.documents.scans import Scans
from dosimetry.files import need
from dosimetry.problems import quote, refuse
from dosimetry.reference import tables
from dosimetry.report.figures import embedded, pictures
from dosimetry.report.figures.curves import panels
from dosimetry.report.figures.picture import Picture
from dosimetry.report.figures.style import MUTED, SEVERITY
from dosimetry.report.numbers import plus_minus, probability, unit_words
from dosimetry.report.page import (
    clinical_tables,
    dose_tables,
    recalculation_table,
    scan_table,
    wording,
)
from dosimetry.report.page.cells import Table, table
from dosimetry.report.page.template import render, typeset
from dosimetry.report.words import recalculation
from dosimetry.report.words import scans as scan_words
from dosimetry.report.words.first_statements import answer
from dosimetry.report.words.names import words
from dosimetry.report.words.said import sentence

NO_SOURCES = ("this project", "named in each row, column source")  # of a table, not a paper
Step = Callable[[], object]


@dataclass(frozen=True)
class Drawn:
    """A picture on the page: its SVG by size, heading, caption, and a table of its numbers."""

    picture: Picture
    drawn: tuple[str, ...]
    heading: str
    caption: str
    table: Table | None


def html(
    plan: Plan,
    made_at: dt.datetime,
    step: Step | None = None,
    as_of: dt.date | None = None,
    scans: Scans | None = None,
) -> str:
    """Return the report of a plan as one HTML file without external resources.

    Parameters
    ----------
    plan : Plan
    made_at : datetime
        Shown in the report; the same plan, time and day give the same bytes.
    step : callable, optional
        Called after each picture.
    as_of : date, optional
        The day with which the plan's dates are compared; default the date of ``made_at``.
    scans : Scans, optional
        Of the plan's next cycle, from :func:`dosimetry.scans`.

    Returns
    -------
    str

    Raises
    ------
    InputError
        Jinja2 or matplotlib is not installed.

    Examples
    --------
    >>> import datetime as dt
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/nothing_measured.yaml"))
    >>> page = dosimetry.report.html(plan, dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC))
    >>> "<h1><bdi>NEW-001</bdi></h1>" in page
    True
    """
    need("report")
    need_plan(plan)
    if not isinstance(made_at, dt.datetime):
        cure = "give a datetime.datetime"
        raise refuse("wrong-type", f"{quote(made_at)} is not a datetime", cure, "made_at")
    day = as_of or made_at.date()
    drawn = _drawn(plan, step or (lambda: None), scans)
    return render(
        "report.html.j2",
        plan=plan,
        made_at=made_at.isoformat(timespec="seconds"),
        as_of=day,
        answer=answer(plan, day),
        pictures=drawn,
        signs={**{name: colour for name, (colour, _) in SEVERITY.items()}, "noted": MUTED},
        curves=_by_cycle(plan, drawn.get("curves", [])),
        scans=scans,
        **_words(plan),
        **_tables(plan, day),
    )


def pdf(
    plan: Plan,
    made_at: dt.datetime,
    step: Step | None = None,
    as_of: dt.date | None = None,
    scans: Scans | None = None,
) -> bytes:
    """Return the report of a plan as PDF, typeset by WeasyPrint.

    The parameters equal those of :func:`html`.

    Raises
    ------
    InputError
        WeasyPrint or a library that it needs is not installed.
    """
    need("pdf")
    return typeset(html(plan, made_at, step, as_of, scans))


def _drawn(plan: Plan, step: Step, scans: Scans | None) -> dict[str, list[Drawn]]:
    """Return the pictures of a plan by their group."""
    curves = {f"curve-{p.cycle}-{i}": p for i, p in enumerate(panels(plan), start=1)}
    numbers = {
        "limits": dose_tables.limits,
        "timeline": clinical_tables.calendar,
        "uncertainty": dose_tables.uncertainty,
    }
    by_group: dict[str, list[Drawn]] = {}
    for picture, svgs in embedded(pictures(plan, scans)):
        panel = curves.get(picture.name)
        if panel is not None:
            heading, caption = words(panel.region).capitalize(), caption_of(panel.curves)
            points = dose_tables.points(panel.curves, panel.title)
            drawn = Drawn(picture, svgs, heading, caption, points)
        elif picture.group == "scans" and scans is not None:
            region = scans.regions[len(by_group.get("scans", []))]
            drawn = Drawn(
                picture, svgs, scan_words.heading(region), scan_words.caption(region),
                scan_table.schedules(region),
            )  # fmt: skip
        else:
            of = numbers.get(picture.group)
            title = picture.title.capitalize()
            drawn = Drawn(picture, svgs, title, "", of(plan) if of else None)
        by_group.setdefault(picture.group, []).append(drawn)
        step()
    return by_group


def _by_cycle(plan: Plan, drawn: list[Drawn]) -> dict[int, list[Drawn]]:
    by_cycle: dict[int, list[Drawn]] = {}
    for panel, picture in zip(panels(plan), drawn, strict=True):
        by_cycle.setdefault(panel.cycle, []).append(picture)
    return by_cycle


def caption_of(curves: Iterable[PlanCurve]) -> str:
    """Return the caption of a picture: model and its choice, integral, half-life, fit."""
    sentences = []
    for curve in curves:
        fit = f", χ² test p {probability(curve.p_value)}" if curve.p_value is not None else ""
        sentences.append(
            f"{words(curve.region).capitalize()}: {curve.model} ({curve.choice}), TIA "
            f"{plus_minus(curve.tia)} {unit_words(curve.tia.unit)}, effective half-life "
            f"{plus_minus(curve.effective_half_life)} h{fit}."
        )
        sentences += [f"Warning: {sentence(warning.message)}" for warning in curve.warnings]
    return " ".join(sentences)


def _words(plan: Plan) -> dict[str, Any]:
    dates = [cycle.at[:10] for cycle in plan.cycles if cycle.at]
    delivered = sum(cycle.status == "delivered" for cycle in plan.cycles)
    span = f"{dates[0]} to {dates[-1]}" if dates else "without dates"
    return {
        "course": f"{len(plan.cycles)} cycles, {delivered} delivered, {span}",
        "verdicts": wording.verdicts(plan),
        "meanings": wording.meanings(),
        "recalculation": recalculation.result(plan) if plan.second_check else "",
        "sources": sources(plan),
    }


def _tables(plan: Plan, day: dt.date) -> dict[str, Any]:
    of_files = (
        ("input", "Input files", plan.provenance.inputs),
        ("hash", "Reference tables", plan.provenance.tables),
    )
    return {
        "cycle_table": dose_tables.cycles(plan, day),
        "curve_table": dose_tables.curves(plan),
        "point_table": dose_tables.points(plan.curves, "all curves"),
        "recalculation_table": recalculation_table.differences(plan),
        "cumulative_table": dose_tables.cumulative(plan),
        "cycle_tables": [
            make(cycle)
            for cycle in plan.cycles
            if cycle.regions
            for make in (dose_tables.of_cycle, dose_tables.contributions)
        ],
        "lab_table": clinical_tables.labs(plan),
        "event_table": clinical_tables.adverse_events(plan),
        "renal_table": clinical_tables.renal(plan),
        "transition_table": clinical_tables.transitions(plan.label) if plan.label else None,
        "rate_table": clinical_tables.rates(plan),
        **{
            f"{name}_table": table(caption, ("file", "SHA-256"), hashes.items())
            for name, caption, hashes in of_files
        },
    }


def sources(plan: Plan) -> list[str]:
    """Return every source that the plan or a table of it names, each once."""
    named = [flag.source for flag in plan.flags]
    named += [event.source for event in plan.calendar]
    named += [change.source for change in plan.label.transitions] if plan.label else []
    named += [rate.source for rate in plan.context]
    for name in tables.names():
        if name in plan.provenance.tables:
            named += tables.table(name).sources
    return [source for source in dict.fromkeys(filter(None, named)) if source not in NO_SOURCES]
