"""Replacement of a patient's fields by place, as in ``masses.kidneys`` or ``cycles[0].at``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dosimetry.patient.content import plain
from dosimetry.patient.laboratory import LabDraw
from dosimetry.patient.measurements.scan import Measurements
from dosimetry.patient.written import written
from dosimetry.problems import join_place, quote, refuse
from dosimetry.quantities import Amount, Estimate
from dosimetry.reference.laboratory import Range

STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
PATH = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[\d+\])*")


def replaced_in(content: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a patient with some fields replaced.

    Parameters
    ----------
    content : dict
        As :func:`dosimetry.patient.content.plain` returns it; it is not changed.
    changes : mapping of str to value
        New values by place in a patient file. A mapping is merged into the existing one; None
        removes a field.

    Raises
    ------
    InputError
        A name that is not a place, or a list entry that does not exist.

    Examples
    --------
    >>> content = {"masses": {"liver": "1700 g", "spleen": "180 g"}}
    >>> replaced_in(content, {"masses.liver": "1500 g", "masses": {"spleen": None}})
    {'masses': {'liver': '1500 g'}}
    """
    for place, value in changes.items():
        if not isinstance(place, str) or not PATH.fullmatch(place):
            raise refuse(
                "not-a-place",
                f"{quote(place)} is not the place of a field",
                "write it as in masses.kidneys or cycles[0].administered",
                "replace",
            )
        steps = [int(at) if at else name for name, at in STEP.findall(place)]
        content = _with(content, steps, plain(value), "")
    return content


def _with(held: Any, steps: list[str | int], value: Any, place: str) -> Any:
    """Return a content with the value at the end of the steps."""
    if not steps:
        return _merged(held, value)
    step, *rest = steps
    held = _opened(held, place)
    if isinstance(step, int):
        if not isinstance(held, list) or step >= len(held):
            count = len(held) if isinstance(held, list) else 0
            raise refuse(
                "no-such-entry",
                f"entry {step} does not exist; the list has {count} entries",
                "count from 0, or give the whole list",
                place,
            )
        inner = _with(held[step], rest, value, f"{place}[{step}]")
        return [*held[:step], *([] if inner is None else [inner]), *held[step + 1 :]]
    if held is not None and not isinstance(held, dict):
        raise refuse(
            "wrong-type", f"{quote(held)} is not a mapping", "replace it as a whole", place
        )
    held = held or {}
    return _put(held, step, _with(held.get(step), rest, value, join_place(place, step)))


def _merged(held: Any, value: Any) -> Any:
    """Return the value; a mapping is merged into the mapping that is held."""
    if not isinstance(value, dict) or not isinstance(held, dict):
        return value
    for name, inner in value.items():
        held = _put(held, name, _merged(held.get(name), inner))
    return held


def _put(held: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    kept = {**held, name: value}
    return kept if value is not None else {key: kept[key] for key in kept if key != name}


def _opened(held: Any, place: str) -> Any:
    """Return a value that was read as plain data, where a place points into it."""
    if isinstance(held, Measurements | LabDraw | Range):
        name = re.split(r"[.\[]", place)[-1]
        return written({name: held})[name]
    if isinstance(held, Estimate):
        sd = {} if held.sd is None else {"sd": written(Amount(held.sd, held.unit))}
        return {"value": written(Amount(held.value, held.unit)), **sd}
    return held
