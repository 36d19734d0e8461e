"""Screen 3: the curves with their points and residuals, and the model of each region."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dosimetry.patient.by_region import SINGLE, measured_region
from dosimetry.patient.measurements.scan import BLOOD
from dosimetry.physics.fitting import NAMES
from dosimetry.planner.pages import work
from dosimetry.planner.pages.html import page
from dosimetry.planner.pages.rooms import known, planned, to
from dosimetry.planner.pages.sessions import Session
from dosimetry.planner.pages.what_if import WhatIf
from dosimetry.report.figures.curves import panels
from dosimetry.report.page import dose_tables
from dosimetry.report.page.document import caption_of
from dosimetry.report.words.limits import region_phrase

MODEL_OF = re.compile(r"model-(?P<cycle>\d{1,3})-(?P<region>.+)")
MODELS = (*NAMES, SINGLE)


async def show(request: Request, session: Session) -> Response:
    """Show every curve of the delivered cycles."""
    _, plan = await planned(request, session, WhatIf())
    figures = await request.app.state.workers.run(work.figures_of, plan, "curves")
    shown: list[dict[str, Any]] = []
    for panel, figure in zip(panels(plan), figures, strict=True):
        shown.append(
            {
                "figure": figure,
                "picture": figure,
                "drawn": figure.drawn,
                "heading": panel.title,
                "caption": caption_of(panel.curves),
                "table": dose_tables.points(panel.curves, panel.title),
                "models": [_model(session, curve.cycle, curve.region) for curve in panel.curves],
                "cycle": panel.cycle,
            }
        )
    return page(
        "curves.html.j2", session, "curves", curves=shown, models=MODELS,
        curve_table=dose_tables.curves(plan), recalculated=bool(plan.second_check),
    )  # fmt: skip


def _model(session: Session, cycle: int, region: str) -> dict[str, Any]:
    models = _models(session.content["cycles"][cycle - 1])
    return {
        "name": f"model-{cycle}-{region}",
        "label": f"Model of {region_phrase(region)}, cycle {cycle}",
        "value": models.get(region, NAMES[0]),
    }


def _models(cycle: dict[str, Any]) -> dict[str, str]:
    """Return the models of a cycle by the names that regions have in every output."""
    held = cycle.get("models", {})
    return {name if name == BLOOD else measured_region(name): model for name, model in held.items()}


async def take(request: Request, session: Session) -> Response:
    """Take the models; the curves are fitted again."""
    async with request.form() as form:
        chosen = {m: f"{form[name]}" for name in form if (m := MODEL_OF.fullmatch(name))}
    await known(request, session)  # models are chosen for curves, so the content has been read
    cycles = [dict(cycle) for cycle in session.content.get("cycles", [])]
    for match, model in chosen.items():
        number, region = int(match["cycle"]), match["region"]
        if 1 <= number <= len(cycles):
            cycle = cycles[number - 1]
            models = {**_models(cycle), region: model}
            if model == NAMES[0]:
                del models[region]
            cycle["models"] = models
            if not models:
                del cycle["models"]
    session.change({**session.content, "cycles": cycles})
    return to(session, "curves")
