"""Whether activities and blood samples are at their own time or corrected to the injection."""

from __future__ import annotations

from dosimetry.intake.context import Context
from dosimetry.intake.decide import Answer
from dosimetry.intake.facts import Facts, differ, shown
from dosimetry.problems import FilePlace, Problem, quote

NONE, ADMINISTRATION = "none", "administration"


def decay_reference(context: Context, name: str, facts: Facts, given: str | None) -> str | None:
    """Return the decay reference of a cycle; None after asking.

    Parameters
    ----------
    context : Context
    name : str
        Of the cycle.
    facts : Facts
        Of the cycle.
    given : str or None
        What the map states.
    """
    stated = facts.held.get("decay", [])
    if given and len(stated) == 1 and stated[0].value != given:
        differ(context, "decay correction", shown(stated[0].value), given, stated[0].place)
    fact = None if given else facts.one(context, "decay", ("cycles", name, "decay_corrected_to"))
    found = given or (shown(fact.value) if fact else None)
    if found == NONE and context.corrected and not context.log.questions:
        text, place = context.corrected[0]
        differ(context, "decay correction", f"the header {quote(text)}", NONE, place)
    if found is None and facts.missing("decay"):
        context.log.ask(
            Problem(
                "no-decay-reference",
                "it is not stated whether the activities are at scan time (none) or "
                "decay-corrected to the injection (administration)",
                "",
                FilePlace(f"{context.book.name}: file"),
            ),
            [
                Answer("at scan time", ("decay_corrected_to",), NONE),
                Answer("at injection", ("decay_corrected_to",), ADMINISTRATION),
            ],
        )
    return found


def ask_of_blood(context: Context, name: str, place: str) -> None:
    """Ask whether blood samples are corrected where the images are.

    Parameters
    ----------
    context : Context
    name : str
        Of the cycle.
    place : str
        Of its samples.
    """
    given = context.map.blood_decay_corrected_to
    if given == ADMINISTRATION:
        return
    message = (
        f"the images of {quote(name)} are decay-corrected to the injection; its blood samples can "
        "be corrected too (administration) or as counted (none)"
    )
    if given is None:
        path = ("blood_decay_corrected_to",)
        answers = [Answer("corrected too", path, ADMINISTRATION), Answer("not", path, NONE)]
        context.log.ask(Problem("blood-decay-reference", message, "", place), answers)
        return
    context.log.fail(
        Problem(
            "blood-decay-reference",
            f"{message}; a patient file has one reference for both",
            "correct the samples to the injection in the workbook, or give the images at scan time",
            place,
        )
    )
