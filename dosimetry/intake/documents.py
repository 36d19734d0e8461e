"""The files that an import writes: patient file, measurements, map, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import yaml

from dosimetry.intake.decide import MAP, Decision, Plain
from dosimetry.intake.sheet import Book

PATIENT, DECISIONS = "patient.yaml", "decisions.txt"
WIDTH = 100
MAP_WORDS = {
    "patient": "of this patient: what the workbook does not state, as in a patient file",
    "therapy": "as in a patient file",
    "cycles": "of this patient: activity and injection that the workbook does not state",
    "decay_corrected_to": "none (at scan time) | administration",
    "blood_decay_corrected_to": "the same of blood samples",
    "time_zone": "of dates and times without one",
    "dates": "dates as text: day-first | month-first",
    "numbers": "numbers as text: decimal-comma | decimal-point",
    "hidden": "hidden sheets, rows and columns: use | ignore",
    "blanks": "rows without a region or cycle: as-above",
    "sheets": "sheet: {holds: measurements | blood | labs | cycles | ignore, cycle: NAME}",
    "columns": "header or label: what it means, or ignore; SHEET!HEADER for one sheet",
    "units": "header or label: its unit",
    "regions": "name as written: region (dosimetry tables regions), blood or ignore",
    "cells": "SHEET!ADDRESS: ignore",
}


def patient_text(content: Mapping[str, Any], source: str) -> str:
    """Return a patient file."""
    head = f"# Written by dosimetry import from {source}; decisions: {DECISIONS}.\n"
    return head + _yaml(content)


def map_text(content: Mapping[str, Any], source: str) -> str:
    """Return a map with a comment to each of its keys."""
    parts = [
        f"# Map of {source} for dosimetry import. Used again with --map {MAP}, it asks nothing.\n"
        "# For another patient, change what is of this patient.\n"
    ]
    for key, words in MAP_WORDS.items():
        if content.get(key):
            parts.append(f"# {words}\n{_yaml({key: content[key]})}")
    return "\n".join(parts)


def _yaml(content: Mapping[str, Any]) -> str:
    return yaml.dump(dict(content), Dumper=Plain, width=WIDTH)


def decisions_text(decisions: Sequence[Decision], book: Book) -> str:
    """Return the list of decisions: what was used or left out, and for what, sheet by sheet."""
    named = [decision.place.partition("!")[0] for decision in decisions]
    order = list(dict.fromkeys((*(sheet.name for sheet in book.sheets), *named)))
    decisions = sorted(decisions, key=lambda one: order.index(one.place.partition("!")[0]))
    lines = [f"Decisions of the import of {book.name} (SHA-256 {book.sha256}).", ""]
    for place, same in groupby(decisions, key=lambda decision: decision.place):
        texts = [decision.text for decision in same]
        if len(texts) == 1:
            lines.append(f"{place}: {texts[0]}")
        else:
            lines += [f"{place}:", *(f"  {text}" for text in texts)]
    return "\n".join((*lines, ""))
