"""Text of a plan's document, from a file or a string, before it is read as a plan."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dosimetry.file_kinds import PLAN, refuse_other
from dosimetry.files import decode, read_input
from dosimetry.problems import FilePlace, InputError, Problem, join_place, quote, refuse
from dosimetry.read_json import read_json

if TYPE_CHECKING:
    from pydantic import ValidationError

LARGEST_PLAN = 10_000_000
MOST_PROBLEMS = 20
TEXT = "plan"  # name in messages where there is no file
CURE = "give a plan as dosimetry plan -o PLAN.json writes it"


def read_plan_text(source: str | os.PathLike[str], schema: str) -> tuple[str, dict[str, Any]]:
    """Return the name of a plan's document and its content.

    Parameters
    ----------
    source : str or path
        The document itself where it begins with a brace, else the name of its file.
    schema : str
        The schema number that is read.

    Raises
    ------
    InputError
        Not a plan of this schema; the message names its kind.

    Examples
    --------
    >>> read_plan_text('{"schema": "dosimetry/plan/1"}', "dosimetry/plan/2")
    Traceback (most recent call last):
    dosimetry.problems.InputError: plan: schema: expected dosimetry/plan/2, got 'dosimetry/plan/1'
      make the plan again from its patient file
    """
    if not isinstance(source, str | os.PathLike):
        raise refuse(
            "wrong-type",
            f"{quote(source)} is neither the text of a plan nor the name of its file",
            CURE,
            "plan",
        )
    if isinstance(source, str) and source.lstrip().startswith("{"):
        name, text = TEXT, source
    else:
        path = Path(source)
        name = path.name or f"{path}"
        text = decode(read_input(path, name, LARGEST_PLAN), name)
    refuse_other(text, name, PLAN)
    try:
        data = read_json(text, name)
    except InputError as error:
        raise InputError(replace(problem, cure=CURE) for problem in error.problems) from None
    told = data.get("schema")
    if isinstance(told, str) and told != schema:
        raise refuse(
            "other-schema",
            f"expected {schema}, got {quote(told)}",
            "make the plan again from its patient file",
            FilePlace(f"{name}: schema"),
        )
    return name, data


def refusal_of(error: ValidationError, name: str) -> InputError:
    """Return the problems of a plan's document by field, at most 20 of them."""
    problems = []
    for entry in error.errors(include_url=False)[:MOST_PROBLEMS]:
        place = ""
        for step in entry["loc"]:
            place = join_place(place, f"[{step}]" if isinstance(step, int) else str(step))
        message = entry["msg"].lower()
        problems.append(
            Problem("not-a-plan", message, CURE, FilePlace(f"{name}: {place or 'file'}"))
        )
    return InputError(problems)
