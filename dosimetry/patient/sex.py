"""The sex of a patient, which chooses the phantom, in the words that cannot mean the other."""

from __future__ import annotations

from typing import Annotated

from dosimetry.patient.values import Read, read_choice
from dosimetry.problems import quote, refuse

SEXES = ("male", "female")
# In any case; w, weiblich and männlich are German.
SPELLED = {
    **dict.fromkeys(("male", "m", "männlich", "maennlich"), "male"),
    **dict.fromkeys(("female", "f", "w", "weiblich"), "female"),
}
NEITHER = ("d", "divers", "diverse", "x", "other", "o", "u", "unknown", "intersex", "non-binary")


def read_sex(value: object) -> str:
    """Read a sex as ``male`` or ``female``.

    Raises
    ------
    InputError
        Neither of them; there are two phantoms.

    Examples
    --------
    >>> read_sex("M"), read_sex("weiblich")
    ('male', 'female')
    """
    word = value.strip().casefold() if isinstance(value, str) else ""
    if word in NEITHER:
        raise refuse(
            "unknown-word",
            f"{quote(value)} is not one of {', '.join(SEXES)}",
            "there are two phantoms, an adult male and an adult female: write the one to use",
        )
    return SPELLED.get(word) or read_choice(value, SEXES)


def _any_case(word: str) -> str:
    return "".join(f"[{sign.lower()}{sign.upper()}]" for sign in word)


Sex = Annotated[
    str,
    Read(
        read_sex,
        {
            "anyOf": [
                {"type": "string", "enum": [*SEXES]},
                {
                    "type": "string",
                    "pattern": f"^(?:{'|'.join(map(_any_case, SPELLED))})$",
                    "description": "m, f or w, in any case",
                },
            ]
        },
    ),
]
