"""Fields of the patient file that have one entry per region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ValidationError

from dosimetry.patient import values
from dosimetry.patient.measurements.scan import BLOOD
from dosimetry.patient.values import Read, amount, choice, estimate, read_estimate
from dosimetry.physics.decay import LN2
from dosimetry.physics.fitting import NAMES as MODEL_NAMES
from dosimetry.physics.posterior import FASTEST
from dosimetry.problems import InputError, Problem, in_words, quote, refuse
from dosimetry.quantities import Amount, Estimate
from dosimetry.reference import regions

SINGLE = "single-point"
LEAST_HALF_LIFE = 10.0 * LN2 / FASTEST  # h: faster phases that scans resolve fit before it


def measured_region(value: object) -> str:
    """Read the name of a region that can be measured."""
    return regions.measured_region(values.read_text(value))


def dose_region(value: object) -> str:
    """Read the name of a region that gets a dose."""
    return regions.dose_region(values.read_text(value))


class RegionError(InputError):
    """Problems in a mapping by region; errors in ``nested`` are not yet turned into problems."""

    def __init__(self, problems: list[Problem], nested: list[tuple[str, ValidationError]]) -> None:
        super().__init__(problems)
        self.nested = nested


def by_region(region: Any, item: Read) -> Read:
    """Mark a mapping by region; the problems of all its keys and values are collected."""

    def read(value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise refuse("wrong-type", f"{quote(value)} is not a mapping", "write region: value")
        entries: dict[str, Any] = {}
        written: dict[str, object] = {}
        problems: list[Problem] = []
        nested: list[tuple[str, ValidationError]] = []
        for key, entry in value.items():
            try:
                name = region(key)
                if name in entries:
                    both = f"{quote(written[name])} and {quote(key)}"
                    raise refuse(
                        "region-twice", f"{in_words([name])} occurs twice, as {both}", "keep one"
                    )
                written[name] = key
                entries[name] = item.reader(entry)
            except InputError as error:
                problems += error.at(str(key)).problems
            except ValidationError as error:
                nested.append((str(key), error))
        if problems or nested:
            raise RegionError(problems, nested)
        return entries

    return Read(read, {"type": "object", "additionalProperties": item.schema})


def _tumour(value: object) -> str:
    name = measured_region(value)
    if regions.region(name).role != "tumour":
        raise refuse(
            "not-a-tumour", f"{in_words([name])} is not a tumour", "name a tumour, as in tumour_1"
        )
    return name


def _curve(value: object) -> str:
    return BLOOD if value == BLOOD else measured_region(value)


def _regions(value: object) -> tuple[str, ...]:
    """Read a list of regions; the problems of all entries are collected."""
    if not isinstance(value, list | tuple):
        raise refuse("wrong-type", f"{quote(value)} is not a list", "write [tumour_1, tumour_2]")
    names: list[str] = []
    problems: list[Problem] = []
    for i, entry in enumerate(value):
        try:
            names.append(measured_region(entry))
        except InputError as error:
            problems += error.at(f"[{i}]").problems
    if problems:
        raise InputError(problems)
    return tuple(names)


def _half_life(value: object) -> Estimate:
    half_life = read_estimate(value, "h")
    if half_life.value < LEAST_HALF_LIFE:
        raise refuse(
            "out-of-range",
            f"{half_life.value:g} h is below {LEAST_HALF_LIFE:.2g} h: scans could not resolve "
            "uptake and a fast phase before it",
            "check the unit",
        )
    return half_life


_HALF_LIFE = Read(_half_life, estimate("h").schema)
Masses = Annotated[dict[str, Estimate], by_region(measured_region, estimate("g"))]
Coefficients = Annotated[dict[str, Estimate], by_region(dose_region, estimate("Gy/GBq"))]
HalfLives = Annotated[dict[str, Estimate], by_region(measured_region, _HALF_LIFE)]
Models = Annotated[dict[str, str], by_region(_curve, choice(*MODEL_NAMES, SINGLE))]
Sites = Annotated[dict[str, str], by_region(_tumour, Read(measured_region, {"type": "string"}))]
Contains = Annotated[
    dict[str, tuple[str, ...]],
    by_region(measured_region, Read(_regions, {"type": "array", "items": {"type": "string"}})),
]
NotMeasurable = Annotated[
    dict[str, str],
    by_region(measured_region, Read(values.read_text, {"type": "string", "minLength": 1})),
]


def _systematic() -> Read:
    """Mark a relative sd of all regions, or a mapping of them by region."""
    one = amount("%", high=100.0, zero=True)
    several = by_region(_curve, one)

    def read(value: object) -> Amount | dict[str, Amount]:
        found: Amount | dict[str, Amount]
        found = (several if isinstance(value, Mapping) else one).reader(value)
        return found

    return Read(read, {"anyOf": [one.schema, several.schema]})


Systematic = Annotated[Amount | dict[str, Amount], _systematic()]
