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


def blood_reference(context: Context, name: str, place: str) -> str | None:
    """Return the decay reference of blood samples beside corrected images; None after asking.

    Parameters
    ----------
    context : Context
    name : str
        Of the cycle.
    place : str
        Of its samples.
    """
    given = context.map.blood_decay_corrected_to
    if given is None:
        path = ("blood_decay_corrected_to",)
        context.log.ask(
            Problem(
                "blood-decay-reference",
                f"the images of {quote(name)} are decay-corrected to the injection; its blood "
                "samples can be corrected too (administration) or as counted (none)",
                "",
                place,
            ),
            [Answer("corrected too", path, ADMINISTRATION), Answer("not", path, NONE)],
        )
    return given
