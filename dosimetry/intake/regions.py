"""Names of regions in a workbook, each read as one region or asked."""

from __future__ import annotations

import re

from dosimetry.intake.context import Context
from dosimetry.intake.decide import Answer
from dosimetry.intake.mapping import BLOOD
from dosimetry.intake.names import IGNORE
from dosimetry.intake.sheet import Sheet
from dosimetry.problems import InputError, Problem, quote
from dosimetry.reference.regions import measured_region, reading

WORD = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)*\b")
BLOOD_SAMPLES = "blood of a cycle"  # as table region_names names them


def region_of(context: Context, sheet: Sheet, text: str, place: str) -> str | None:
    """Return the region that a name is; ``blood``, ``ignore``; or None after asking.

    Parameters
    ----------
    context : Context
    sheet : Sheet
    text : str
        The name as written.
    place : str
        Of the name, for messages.
    """
    known = context.entry(context.map.regions, sheet, text)
    if known is None:
        try:
            known = measured_region(text)
        except InputError as error:
            _ask(context, text, error.problems[0], place)
            return None
    context.settle("regions", sheet, text, known)
    context.log.say("regions", f"{quote(text)} is {known}")
    return known


def _ask(context: Context, text: str, problem: Problem, place: str) -> None:
    """Ask which region a name is; the regions that the refusal names are the answers."""
    named = WORD.findall(f"{problem.message.partition(': ')[2]} {problem.cure.partition('(')[0]}")
    regions = [one for one in dict.fromkeys(named) if _measured(one)]
    answers = [Answer(one, ("regions", text), one) for one in regions]
    if BLOOD_SAMPLES in problem.message:
        answers.insert(0, Answer("samples of blood", ("regions", text), BLOOD))
    answers.append(Answer("to leave it out", ("regions", text), IGNORE))
    readings = " or ".join(answer.words for answer in answers[:-1]) or "a region"
    unknown = "" if "is not one" in problem.message else f": it can be {readings} or no region"
    context.log.ask(Problem("ambiguous-region", f"{problem.message}{unknown}", "", place), answers)


def _measured(name: str) -> bool:
    """Return whether a word is the name of a region that can be measured."""
    read = reading(name)
    if read is None or read.region != name:
        return False
    try:
        return measured_region(name) == name
    except InputError:
        return False
