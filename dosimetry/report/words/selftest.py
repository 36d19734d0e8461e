"""The self-test in words: its result, each answer, and what computed it."""

from __future__ import annotations

from dosimetry.documents.selftest import KnownAnswer, SelfTest
from dosimetry.quantities import Amount
from dosimetry.report.numbers import unit_words

DO_NOT_USE = (
    "Do not use this program on this machine. The program, its tables or a library differ from "
    "what was tested; install them again, or report the difference."
)


def result(test: SelfTest) -> str:
    """Return how many known answers were reproduced.

    Examples
    --------
    >>> from dosimetry.selftest.run import selftest
    >>> result(selftest()).split(", ")[1]
    'all reproduced'
    """
    count, failed = len(test.answers), len(failures(test))
    return (
        f"{failed} of {count} known answers NOT reproduced"
        if failed
        else f"{count} known answers, all reproduced"
    )


def failures(test: SelfTest) -> list[str]:
    """Return the name of every known answer that was not reproduced."""
    return [f"{answer.id}, {answer.quantity}" for answer in test.answers if not answer.passed]


def computed_by(test: SelfTest) -> dict[str, str]:
    """Return the program, the libraries and the machine, with their versions."""
    libraries = ", ".join(f"{name} {version}" for name, version in test.libraries.items())
    return {
        "Program": f"dosimetry {test.version}",
        "Python": f"{test.python}; {libraries}",
        "Machine": f"{test.machine}, {test.system}",
    } | ({"As of": test.as_of} if test.as_of else {})


def quantity(answer: KnownAnswer) -> str:
    """Return the quantity of a known answer with its unit."""
    unit = answer.expected.unit
    return answer.quantity if unit == "1" else f"{answer.quantity} [{unit_words(unit)}]"


def figure(amount: Amount | None, digits: int = 7, sign: str = "") -> str:
    """Return a number without its unit, with a true minus sign.

    Examples
    --------
    >>> figure(Amount(9.30788e-08, "1")), figure(None), figure(Amount(0.0004, "1"), 2, "+")
    ('9.30788e−08', 'not a number', '+0.0004')
    """
    if amount is None:
        return "not a number"
    return f"{amount.value:{sign}.{digits}g}".replace("-", "−")


def verdict(answer: KnownAnswer) -> str:
    """Return whether a known answer was reproduced, in one word."""
    return "agrees" if answer.passed else "DIFFERS"
