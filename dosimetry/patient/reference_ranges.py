"""The reference range of an analyte that applies to a patient."""

from __future__ import annotations

from dosimetry.patient.schema import PatientFile
from dosimetry.reference import laboratory
from dosimetry.reference.laboratory import Range


def reference_ranges(patient: PatientFile) -> dict[str, Range]:
    """Return the reference range of every analyte: the laboratory's own, else the table's."""
    ranges = {
        name: laboratory.reference_range(name, patient.person.sex) for name in laboratory.analytes()
    }
    for name, own in patient.reference_ranges.items():
        table = ranges[name]
        ranges[name] = Range(
            table.lower if own.lower is None else own.lower,
            table.upper if own.upper is None else own.upper,
            own.source,
        )
    return ranges
