"""Workbooks and tables as clinics have them, made in the test, and their import."""

import copy
import zipfile

from openpyxl import Workbook

from dosimetry.intake.interpret import interpret
from dosimetry.intake.workbook import read_book

# What no workbook of these tests states, so that nothing else is open.
STATED = {
    "decay_corrected_to": "none",
    "patient": {"id": "EX-1", "sex": "male", "age": "64 year"},
    "therapy": {"radiopharmaceutical": "177Lu-DOTATATE", "regimen": "netter-1"},
}
GIVEN = {"administered": "7.4 GBq", "at": "2026-01-12T09:30:00"}
LONG = [["Region", "Time [h]", "Activity [MBq]"], ["Liver", 4, 80], ["Liver", 24, 60]]


def save(path, sheets, *, prepare=None):
    """Write a workbook of sheets, each a list of rows, and return its path.

    ``prepare`` is called with the workbook before it is saved.
    """
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if prepare is not None:
        prepare(book)
    book.save(path)
    return path


def stated(*names, **more):
    """Return a map that states all that is needed for cycles of these names."""
    data = {**copy.deepcopy(STATED), **copy.deepcopy(more)}
    data["cycles"] = {**{name: dict(GIVEN) for name in names}, **more.get("cycles", {})}
    return data


def imported(path, data):
    """Return the import of a file with a map."""
    return interpret(read_book(path), data)


def files_of(path, data):
    """Return the files of an import that leaves nothing open."""
    result = imported(path, data)
    assert not result.log.open(), result.log.refusal()
    return result.files


def edited(path, part, *changes):
    """Replace texts in one part of a saved workbook, as another program may have written it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for old, new in changes:
        assert old.encode() in parts[part], old
        parts[part] = parts[part].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def with_part(path, name, content):
    """Add a part to a saved workbook."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path
