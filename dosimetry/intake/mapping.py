"""The map: what the columns, names and sheets of a clinic's workbook mean.

It is read as strictly as a patient file. An import writes a complete one, which asks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from dosimetry.files import decode, read_bytes
from dosimetry.intake.cells import COMMA, DAY_FIRST, MONTH_FIRST, POINT, Style
from dosimetry.intake.names import IGNORE
from dosimetry.intake.unit_texts import one_unit
from dosimetry.patient.patient import problems_of
from dosimetry.patient.read import read_yaml
from dosimetry.patient.schema import Section
from dosimetry.patient.values import Read, choice, read_choice, read_text, read_zone
from dosimetry.problems import FilePlace, InputError, Problem, quote, refuse
from dosimetry.reference import regions
from dosimetry.reference.laboratory import analytes

LARGEST_FILE = 1_000_000
BLOOD = "blood"
USE, AS_ABOVE = "use", "as-above"
HOLDS = ("measurements", BLOOD, "labs", "cycles", IGNORE)
# What a column of a table can mean.
OF_SCANS = (
    *("region", "time", "at", "date", "clock", "cycle", "activity", "concentration", BLOOD),
    *("sd", "volume", "volume sd", "recovery", "recovery sd"),
)
OF_LISTS = ("analyte", "value", "unit")
OF_CYCLES = ("administered", "prepared", "prepared_at", "residual", "residual_at", "injected")
OF_PATIENT = ("patient_id", "sex", "age", "born", "weight", "height", "hematocrit")
OF_TREATMENT = ("name", "decay", "agent", "nuclide")


def _meanings() -> tuple[str, ...]:
    return (*OF_SCANS, *OF_LISTS, *OF_CYCLES, *OF_PATIENT, *OF_TREATMENT, *analytes(), IGNORE)


def _read_meaning(value: object) -> str:
    text = read_text(value)
    known = _meanings()
    if text not in known:
        raise refuse(
            "unknown-word",
            f"{quote(text)} is not what a column can mean",
            f"write one of {', '.join(known)}",
        )
    return text


def _read_region(value: object) -> str:
    text = read_text(value)
    return text if text in (IGNORE, BLOOD) else regions.measured_region(text)


def _texts(value: object) -> Any:
    """Read what a patient file has at this place; it is read again as part of one."""
    if isinstance(value, str):
        return read_text(value)
    if isinstance(value, Mapping):
        return {read_text(key): _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    raise refuse("wrong-type", f"{quote(value)} is not a text", "write a text")


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise refuse("wrong-type", f"{quote(value)} is not a mapping", "write key: value")
    content: dict[str, Any] = _texts(value)
    return content


def _read_unit(value: object) -> str:
    text = read_text(value)
    if one_unit(text) is None:
        raise refuse(
            "unknown-unit", f"{quote(text)} is not a known unit", "as in MBq, Bq/mL, h, mL"
        )
    return text


def _read_ignore(value: object) -> str:
    return read_choice(value, (IGNORE,))


def _words(reader: Callable[[object], str]) -> Read:
    """Mark a mapping of texts to words; the problems of all entries are collected."""

    def read(value: object) -> dict[str, str]:
        entries: dict[str, str] = {}
        problems: list[Problem] = []
        for key, entry in _mapping(value).items():
            try:
                entries[" ".join(key.split())] = reader(entry)
            except InputError as error:
                problems += error.at(key).problems
        if problems:
            raise InputError(problems)
        return entries

    return Read(read, {"type": "object"})


Word = Annotated[str, Read(read_text, {"type": "string"})]
Content = Annotated[dict[str, Any], Read(_mapping, {"type": "object"})]
Decay = Annotated[str, choice("none", "administration")]


NONE: Any = Field(default_factory=dict)


class CycleEntry(Section):
    """A cycle: what its sheet does not say.

    Attributes
    ----------
    administered : str, dict or None
        As in a patient file.
    at : str or None
        Date and time of the injection.
    decay_corrected_to : str or None
        ``none`` or ``administration``, where cycles differ.
    """

    administered: Annotated[Any, Read(_texts, {})] = None
    at: Word | None = None
    decay_corrected_to: Decay | None = None


class SheetEntry(Section):
    """A sheet: what it holds, and the cycle that it belongs to.

    Attributes
    ----------
    holds : str or None
        ``measurements``, ``blood``, ``labs``, ``cycles`` or ``ignore``.
    cycle : str or None
        A key of ``cycles``, or the cycle's number.
    """

    holds: Annotated[str, choice(*HOLDS)] | None = None
    cycle: Word | None = None


def _by_name(model: type[Section]) -> Read:
    """Mark a mapping of names to sections; the problems of all entries are collected."""

    def read(value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise refuse("wrong-type", f"{quote(value)} is not a mapping", "write name: {...}")
        entries: dict[str, Any] = {}
        problems: list[Problem] = []
        for key, entry in value.items():
            try:
                entries[read_text(key)] = model.model_validate(entry)
            except InputError as error:
                problems += error.at(f"{key}").problems
            except ValidationError as error:
                problems += problems_of(error, model, f"{key}")
        if problems:
            raise InputError(problems)
        return entries

    return Read(read, {"type": "object"})


class Map(Section):
    """The map of a workbook.

    Attributes
    ----------
    cycles : dict of str to CycleEntry
        By name of the sheet, or by what stands in the column of the cycle.
    sheets : dict of str to SheetEntry
    columns, units, regions : dict of str to str
        By header or name as written; ``SHEET!HEADER`` for one sheet alone.
    cells : dict of str to str
        ``ignore`` by address, as in ``Sheet1!B7``.
    decay_corrected_to : str or None
    blood_decay_corrected_to : str or None
        Asked where the images are corrected to the injection.
    time_zone : str or None
        Of all dates and times that have none.
    dates : str or None
        ``day-first`` or ``month-first``, of dates as text.
    numbers : str or None
        ``decimal-comma`` or ``decimal-point``, of numbers as text.
    hidden : str or None
        ``use`` or ``ignore``, of hidden rows, columns and sheets.
    blanks : str or None
        ``as-above``: a row without a region or cycle has that of the row above.
    patient, therapy : dict
        As in a patient file.
    """

    cycles: Annotated[dict[str, CycleEntry], _by_name(CycleEntry)] = NONE
    sheets: Annotated[dict[str, SheetEntry], _by_name(SheetEntry)] = NONE
    columns: Annotated[dict[str, str], _words(_read_meaning)] = NONE
    units: Annotated[dict[str, str], _words(_read_unit)] = NONE
    regions: Annotated[dict[str, str], _words(_read_region)] = NONE
    cells: Annotated[dict[str, str], _words(_read_ignore)] = NONE
    decay_corrected_to: Decay | None = None
    blood_decay_corrected_to: Decay | None = None
    time_zone: Annotated[str, Read(read_zone, {"type": "string"})] | None = None
    dates: Annotated[str, choice(DAY_FIRST, MONTH_FIRST)] | None = None
    numbers: Annotated[str, choice(COMMA, POINT)] | None = None
    hidden: Annotated[str, choice(USE, IGNORE)] | None = None
    blanks: Annotated[str, choice(AS_ABOVE)] | None = None
    patient: Content = NONE
    therapy: Content = NONE

    def style(self) -> Style:
        """Return how texts are written."""
        return Style(self.numbers, self.dates)


def read_map(path: Path) -> dict[str, Any]:
    """Return the content of a map's file as plain data.

    Raises
    ------
    InputError
        Not readable, not YAML, or not a map.
    """
    name = path.name or f"{path}"
    data = read_yaml(decode(read_bytes(path, name, LARGEST_FILE), name), name)
    map_of(data, name)
    return data


def map_of(data: Mapping[str, Any], name: str) -> Map:
    """Return the map of plain data.

    Parameters
    ----------
    data : mapping
    name : str
        Of the file, for messages.

    Raises
    ------
    InputError
        With every problem and its key.

    Examples
    --------
    >>> map_of({"columns": {"ROI": "region"}}, "map.yaml").columns
    {'ROI': 'region'}
    """
    problems: list[Problem] = []
    try:
        return Map.model_validate(data)
    except ValidationError as error:
        problems = problems_of(error, Map)
    # Raised outside of the except block: a ValidationError as its context would never be freed.
    raise InputError(
        Problem(problem.code, problem.message, problem.cure, FilePlace(f"{name}: {problem.place}"))
        for problem in problems
    )
