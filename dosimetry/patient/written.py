"""A patient as the plain data of a patient file: quantities as text with their units."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from dosimetry.patient.laboratory import LabDraw
from dosimetry.patient.measurements.scan import (
    BLOOD,
    CONCENTRATIONS,
    DECAY_WORDS,
    Measurements,
    Scan,
)
from dosimetry.patient.prior import ClinicPrior
from dosimetry.quantities import Amount, Estimate
from dosimetry.reference import laboratory
from dosimetry.reference.regimens import Regimen


def written(value: Any) -> Any:
    """Return a section or a value as in a patient file, without defaults.

    Parameters
    ----------
    value : section, mapping, list or value
        Of a patient that was read.

    Returns
    -------
    dict, list, str, int or float
        Every number with all its digits, so that reading it again gives the same value.

    Examples
    --------
    >>> written({"kidneys": Estimate(300.0, 24.0, "g"), "liver": Estimate(1700.0, None, "g")})
    {'kidneys': {'value': '300.0 g', 'sd': '24.0 g'}, 'liver': '1700.0 g'}
    """
    if isinstance(value, BaseModel):
        fields = type(value).model_fields.items()
        named = {info.alias or name: getattr(value, name) for name, info in fields}
        return written({name: held for name, held in named.items() if not _default(value, name)})
    if isinstance(value, Mapping):
        return {name: _of(name, held) for name, held in value.items() if held is not None}
    if isinstance(value, list | tuple):
        return [written(entry) for entry in value]
    return _scalar(value)


def _default(section: BaseModel, name: str) -> bool:
    """Return whether a field has its default value."""
    info = type(section).model_fields.get(name)
    return info is not None and not info.is_required() and getattr(section, name) == info.default


def _of(name: str, value: Any) -> Any:
    """Return a value that depends on its name: unit of a reference range, region of blood."""
    if isinstance(value, Measurements):
        return _scans(value, with_region=name != BLOOD)
    if not isinstance(value, laboratory.Range):
        return written(value)
    unit = laboratory.analyte(name).unit
    ends = {"lower": value.lower, "upper": value.upper}
    return {
        end: written(Amount(number, unit)) for end, number in ends.items() if number is not None
    }


def _scalar(value: Any) -> Any:
    if isinstance(value, Amount):
        return f"{float(value.value)!r} {value.unit}".removesuffix(" 1")
    if isinstance(value, Estimate):
        number = f"{float(value.value)!r} {value.unit}"
        if value.sd is None:
            return number
        return {"value": number, "sd": f"{float(value.sd)!r} {value.unit}"}
    if isinstance(value, LabDraw):
        draws = {name: written(lab.written) for name, lab in value.values.items()}
        return {"at": written(value.at), **draws}
    if isinstance(value, Regimen):
        return value.id
    if isinstance(value, ClinicPrior):
        return value.file
    if isinstance(value, dt.datetime):
        return dt.datetime.isoformat(value)
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    return value.isoformat() if isinstance(value, dt.date) else value


def _scans(measured: Measurements, *, with_region: bool) -> list[dict[str, str]]:
    """Return scans as an inline list; a region has a recovery coefficient in all rows or none."""
    corrected = {scan.region for scan in measured.scans if scan.recovery != 1.0 or scan.recovery_sd}
    return [
        _scan(scan, with_region=with_region, with_recovery=scan.region in corrected)
        for scan in measured.scans
    ]


def _scan(scan: Scan, *, with_region: bool, with_recovery: bool) -> dict[str, str]:
    value = f"{scan.value!r} {scan.unit}"
    row = {"region": scan.region} if with_region else {}
    if scan.at is None:
        row["time"] = f"{scan.time!r} h"
    else:
        row["at"] = scan.at.isoformat()
    row["concentration" if scan.unit in CONCENTRATIONS else "activity"] = value
    if scan.sd is not None:
        row["sd"] = f"{scan.sd!r} {scan.unit}"
    if scan.relative_sd is not None:
        row["sd"] = f"{scan.relative_sd!r} %"
    if scan.volume is not None:
        row["volume"] = f"{scan.volume!r} mL"
    if scan.volume_sd is not None:
        row["volume sd"] = f"{scan.volume_sd!r} mL"
    if with_recovery:
        row["recovery"] = f"{scan.recovery!r}"
    if scan.recovery_sd is not None:
        row["recovery sd"] = f"{scan.recovery_sd!r}"
    if scan.decay_corrected is not None:
        row["decay_corrected_to"] = DECAY_WORDS[scan.decay_corrected]
    return row
