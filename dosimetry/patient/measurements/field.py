"""Fields of the patient file that hold measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dosimetry.patient.measurements.read import read_measurements
from dosimetry.patient.measurements.rows import Context
from dosimetry.patient.measurements.scan import BLOOD, DECAY_WORDS, Measurements
from dosimetry.patient.values import Moment, Read


def read_scans(source: object, base: Path | None, injection: Moment | None = None) -> Measurements:
    """Read the scans of a cycle that was given at ``injection``.

    Examples
    --------
    >>> row = {"region": "liver", "time": "4 h", "activity": "80 MBq"}
    >>> read_scans([row], Path()).scans[0].region
    'liver'
    """
    return read_measurements(source, base, Context("", injection))


def read_blood(source: object, base: Path | None, injection: Moment | None = None) -> Measurements:
    """Read blood samples: as scans, with time and concentration alone.

    Examples
    --------
    >>> row = {"time": "1 h", "concentration": "300 kBq/mL"}
    >>> read_blood([row], Path()).scans[0].region
    'blood'
    """
    return read_measurements(source, base, Context(BLOOD, injection))


def measured(what: str, reader: Any) -> Read:
    """Mark a field that holds measurements; it stands behind the field ``at`` of the cycle.

    Parameters
    ----------
    what : str
        ``scans`` or ``blood samples``.
    reader : callable
        Takes the value, the folder of the patient file and the time of the injection.
    """
    name = {"type": "string", "description": "name of a CSV file"}
    file = {
        "type": "object",
        "properties": {
            "file": name,
            "decay_corrected_to": {"type": "string", "enum": [*DECAY_WORDS.values()]},
        },
        "required": ["file"],
        "additionalProperties": False,
    }
    rows = {"type": "array", "items": {"anyOf": [name, file, {"type": "object"}]}}
    schema = {
        "description": f"name of a CSV file, a list of files, or a list of {what}",
        "anyOf": [name, file, rows],
    }
    return Read(reader, schema, with_folder=True, after="at")
