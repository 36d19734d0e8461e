"""The self-test as a document: every known answer beside its recomputed value."""

from __future__ import annotations

from dataclasses import dataclass

from dosimetry.documents.write import to_json
from dosimetry.quantities import Amount

SELFTEST_SCHEMA = "dosimetry/selftest/1"


@dataclass(frozen=True)
class KnownAnswer:
    """One row of table ``known_answers``, recomputed.

    Attributes
    ----------
    id : str
        Name of the case.
    case : str
        The case in words, with its inputs.
    quantity : str
    expected : Amount
        Known value, in the unit of the quantity.
    computed : Amount or None
        In the same unit; None where the computation gives no finite number.
    difference : Amount or None
        Computed less expected, in the same unit.
    tolerance : Amount
        Largest difference allowed, in the same unit.
    tolerance_reason : str
    source : str
        Source of the known value.
    passed : bool
        Whether the difference is within the tolerance.
    """

    id: str
    case: str
    quantity: str
    expected: Amount
    computed: Amount | None
    difference: Amount | None
    tolerance: Amount
    tolerance_reason: str
    source: str
    passed: bool


@dataclass(frozen=True)
class SelfTest:
    """The known answers, recomputed by this program on this machine.

    Attributes
    ----------
    schema : str
        ``dosimetry/selftest/1``.
    version : str
        Of this program.
    as_of : str or None
        Date of the test, YYYY-MM-DD; None where none was given.
    python : str
        Version of Python.
    libraries : dict of str to str
        Version of every installed library that computes.
    system : str
        Operating system and its version.
    machine : str
        Type of the processor.
    passed : bool
        Whether every known answer was reproduced.
    answers : tuple of KnownAnswer
    tables : dict of str to str
        SHA-256 of every reference table, by name.
    disclaimer : str
    """

    schema: str
    version: str
    as_of: str | None
    python: str
    libraries: dict[str, str]
    system: str
    machine: str
    passed: bool
    answers: tuple[KnownAnswer, ...]
    tables: dict[str, str]
    disclaimer: str

    def to_json(self) -> str:
        """Return the self-test as JSON."""
        return to_json(self)
