"""Templates of the pages, and the responses made from them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

import dosimetry
from dosimetry.planner.pages.lab_boxes import heading
from dosimetry.planner.pages.sessions import Session
from dosimetry.report.figures.style import DARK, MUTED, SEVERITY
from dosimetry.report.page.template import PAGE_FOOT, environment_of
from dosimetry.report.words.names import words

if TYPE_CHECKING:
    from jinja2 import Environment

SCREENS = (
    ("patient", "Patient"),
    ("measurements", "Measurements"),
    ("curves", "Curves"),
    ("plan", "Plan"),
    ("label", "Label and calendar"),
    ("export", "Export"),
)
SIGNS: dict[str, str] = {**{name: colour for name, (colour, _) in SEVERITY.items()}, "noted": MUTED}


@functools.cache
def environment() -> Environment:
    """Return the templates of the pages; they use the parts of the report's."""
    env = environment_of("dosimetry.planner.pages", "dosimetry.report")
    env.filters["patient_id"] = _id_of
    env.globals |= {
        "screens": SCREENS,
        "signs": SIGNS,
        "version": dosimetry.__version__,
        "foot": PAGE_FOOT,
        "heading": heading,
        "words": words,
    }
    return env


def _id_of(content: dict[str, Any]) -> str:
    person = content.get("patient")
    return f"{person.get('id') or 'new patient'}" if isinstance(person, dict) else "new patient"


@functools.cache
def style() -> str:
    """Return the style sheet: that of the report, and what a page with forms has besides."""
    env = environment()
    parts = (
        env.get_template("style.css").render(colours=DARK, page_foot=PAGE_FOOT),
        env.get_template("planner.css").render(),
    )
    return "\n".join(parts)


def part(template: str, **values: Any) -> str:
    """Return a template filled in."""
    return environment().get_template(template).render(**values)


def page(
    template: str,
    session: Session | None = None,
    screen: str = "",
    status: int = 200,
    *,
    bare: bool = False,
    **values: Any,
) -> HTMLResponse:
    """Return a page of a session.

    Parameters
    ----------
    template : str
    session : Session, optional
        Without one, the page has no steps.
    screen : str
        Of :data:`SCREENS`.
    status : int
    bare : bool
        Return the part that stands in place of an answer, without the frame of a page.
    **values
        Of the template.
    """
    frame = "bare.html.j2" if bare else "frame.html.j2"
    return HTMLResponse(
        part(template, session=session, screen=screen, frame=frame, **values), status
    )
