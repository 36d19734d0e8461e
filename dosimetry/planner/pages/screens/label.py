"""Screen 5: what the label's rules checked and what not, and the dates."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from dosimetry.planner.pages import work
from dosimetry.planner.pages.html import page
from dosimetry.planner.pages.rooms import planned, today
from dosimetry.planner.pages.sessions import Session
from dosimetry.report.page import clinical_tables
from dosimetry.report.words.label import label_words, not_recognised
from dosimetry.report.words.next_dose import next_dose
from dosimetry.report.words.today import against


async def show(request: Request, session: Session) -> Response:
    """Show the answer of the label and the calendar for the inputs of the latest what-if."""
    course, plan = await planned(request, session, session.asked)
    day = today()
    figures = await request.app.state.workers.run(work.figures_of, plan, "timeline", "labs")
    statements = (next_dose(plan, day), label_words(plan, day), not_recognised(plan))
    return page(
        "label.html.j2", session, "label", plan=plan, day=day,
        said=session.asked.words(course.regular),
        said_first=[statement for statement in statements if statement is not None],
        dates=against(plan, day),
        lab_table=clinical_tables.labs(plan), event_table=clinical_tables.adverse_events(plan),
        transitions=clinical_tables.transitions(plan.label) if plan.label else None,
        calendar_table=clinical_tables.calendar(plan),
        timeline=[one for one in figures if one.name.startswith("timeline")],
        labs=[one for one in figures if not one.name.startswith("timeline")],
    )  # fmt: skip
