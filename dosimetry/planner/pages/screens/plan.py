"""Screen 4: the answer first, ways that keep the limits, and the what-if."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from dosimetry.documents.plan import Plan
from dosimetry.planner.pages import work
from dosimetry.planner.pages.html import page
from dosimetry.planner.pages.rooms import known, planned, today
from dosimetry.planner.pages.sessions import Known, Session
from dosimetry.planner.pages.sliders import sliders
from dosimetry.planner.pages.what_if import STRATEGY_WORDS, WhatIf
from dosimetry.planning.compare import Comparison, StrategySummary
from dosimetry.report.numbers import interval, probability
from dosimetry.report.page import dose_tables, wording
from dosimetry.report.page.cells import Cell, Table, mean_sd, number, table
from dosimetry.report.words.first_statements import answer
from dosimetry.report.words.limits import limit_name
from dosimetry.report.words.names import words


async def show(request: Request, session: Session) -> Response:
    """Show the whole screen; without JavaScript, every answer comes this way."""
    asked = _asked(request, session)
    course, plan, values = await _answer(request, session, asked)
    run = request.app.state.workers.run
    figures, side_by_side = await asyncio.gather(
        run(work.figures_of, plan, "limits"), _ways(request, session, course, asked)
    )
    return page(
        "plan.html.j2", session, "plan", figures=figures, **values,
        ways=side_by_side, links=_links(session, asked),
    )  # fmt: skip


async def answer_alone(request: Request, session: Session) -> Response:
    """Return the answer to the inputs of the sliders; pictures and ways follow it."""
    asked = _asked(request, session)
    _, _, values = await _answer(request, session, asked)
    response = page("answer.html.j2", session, "plan", figures=None, ways=None, **values)
    response.headers["HX-Replace-Url"] = f"/s/{session.key}/plan?{values['query']}"
    return response


async def figure(request: Request, session: Session) -> Response:
    """Return the picture of the limits for the inputs of the sliders."""
    _, plan = await planned(request, session, WhatIf.of_form(request.query_params))
    figures = await request.app.state.workers.run(work.figures_of, plan, "limits")
    return page("limits_figure.html.j2", session, "plan", figures=figures)


async def ways(request: Request, session: Session) -> Response:
    """Return the strategies side by side for the inputs of the sliders."""
    asked = WhatIf.of_form(request.query_params)
    course = await known(request, session)
    return page(
        "ways.html.j2", session, "plan", ways=await _ways(request, session, course, asked),
        links=_links(session, asked),
    )  # fmt: skip


def _asked(request: Request, session: Session) -> WhatIf:
    """Return the inputs of a request, which the other screens then use; else the latest."""
    if request.query_params:
        session.asked = WhatIf.of_form(request.query_params)
    return session.asked


async def _answer(
    request: Request, session: Session, asked: WhatIf
) -> tuple[Known, Plan, dict[str, Any]]:
    """Return the plan of a what-if, with all that a template shows of it."""
    course = await known(request, session)
    said = asked.words(course.regular)
    begun = time.perf_counter()
    course, plan = await planned(request, session, asked)
    day, shown = today(), asked.shown(course.regular)
    return course, plan, {
        "plan": plan,
        "said": said,
        "query": urlencode(vars(shown)),
        "shown": shown,
        "seconds": time.perf_counter() - begun,
        "day": day,
        "answer": answer(plan, day),
        "verdicts": wording.verdicts(plan),
        "cycle_table": cycles_table(plan),
        "tables": (
            dose_tables.cycles(plan, day),
            dose_tables.limits(plan),
            dose_tables.cumulative(plan),
        ),
        "sliders": sliders(asked, course.regular),
        "strategies": STRATEGY_WORDS,
        "delivered": course.regular.delivered,
    }  # fmt: skip


async def _ways(request: Request, session: Session, course: Known, asked: WhatIf) -> Table:
    """Return the strategies side by side; they are compared once for each accepted chance."""
    if asked.risk not in session.ways or session.known is not course:
        risk, run = asked.options(course.regular)["risk"], request.app.state.workers.run
        compared, plan = await asyncio.gather(
            run(work.comparison_of, course.course, risk), run(work.plan_of, course.course, {})
        )
        made = ways_table(compared, plan)
        if session.known is not course:
            return made
        session.ways[asked.risk] = made
    found: Table = session.ways[asked.risk]
    return found


def _links(session: Session, asked: WhatIf) -> list[tuple[str, str]]:
    """Return name and address of each strategy with the regimen's own values."""
    return [
        (text, f"/s/{session.key}/plan?{urlencode({'strategy': name, 'risk': asked.risk})}")
        for name, text in STRATEGY_WORDS.items()
    ]


def cycles_table(plan: Plan) -> Table:
    """Return one row per cycle with the doses of the regions that have a limit, and of tumours."""
    wanted = dict.fromkeys(
        [flag.region for flag in plan.flags]
        + [dose.region for dose in plan.cumulative if dose.region.startswith("tumour")]
    )
    doses = [{dose.region: dose for dose in cycle.regions} for cycle in plan.cycles]
    names = [name for name in wanted if any(name in known for known in doses)]
    return table(
        "Absorbed dose by cycle, mean ± sd",
        ("cycle", "date", "activity [GBq]", *(f"{words(name)} [Gy]" for name in names)),
        (
            (
                f"{cycle.number}",
                cycle.at and cycle.at[:10],
                None if cycle.activity is None else Cell(
                    (number(cycle.activity.value, f"{cycle.activity.value:.2f}"),),
                    f"cycles/{cycle.number}/activity"),
                *(_dose(of_cycle.get(name), cycle.number) for name in names),
            )
            for cycle, of_cycle in zip(plan.cycles, doses, strict=True)
        ),
    )  # fmt: skip


def _dose(dose: Any, cycle: int) -> Cell | None:
    if dose is None:
        return None
    cell = mean_sd(dose.absorbed_dose, f"cycles/{cycle}/{dose.region}/absorbed_dose")
    if dose.basis == "partial":
        return Cell(("≥ ", cell.parts[0]), cell.of)
    return Cell((*cell.parts, " *"), cell.of) if dose.basis == "population" else cell


def ways_table(compared: Comparison, plan: Plan) -> Table:
    """Return one column per strategy: its cycles, doses, and the chance of exceeding each limit."""
    ways, first = compared.strategies, compared.strategies[0]
    names = {flag.limit: limit_name(flag) for flag in plan.flags}
    return table(
        "The strategies, each with the regimen's own activity, interval and number of cycles",
        ("whole course, mean (5–95 %)", *(STRATEGY_WORDS[way.strategy] for way in ways)),
        (
            ("cycles", *(f"{way.cycles}" for way in ways)),
            ("activity [GBq]", *(f"{way.activity.value:.1f}" for way in ways)),
            *(
                (f"{words(region)} [Gy]", *(interval(way.absorbed_dose[region]) for way in ways))
                for region in first.absorbed_dose
            ),
            *(
                (f"P(> {names.get(limit, limit)})", *(_chance(way, limit) for way in ways))
                for limit in first.probabilities
            ),
        ),
    )


def _chance(way: StrategySummary, limit: str) -> Cell | None:
    chance = way.probabilities[limit]
    if chance is None:
        return None
    return Cell((number(chance, probability(chance), "probability"),), f"{way.strategy}/{limit}")
