"""The parts of an .xlsx file, examined before its contents are read.

An .xlsx file is a zip archive of XML. Its directory states how large each part becomes, so that an
archive that would fill the memory is refused unread.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from dosimetry.problems import FilePlace, InputError, refuse

LARGEST_WHOLE, LARGEST_XML = 100_000_000, 20_000_000  # bytes, unpacked
LARGEST_RATIO, SMALL = 200, 1_000_000  # a small part may be packed better
MOST_PARTS = 2_000
XML = (".xml", ".rels", ".vml")
LINKS, MACROS = "xl/externalLinks/", "vbaProject.bin"


def open_archive(raw: bytes, name: str) -> zipfile.ZipFile:
    """Return the archive of a workbook whose parts are safe to read.

    Raises
    ------
    InputError
        Not an archive, one that unpacks to too much, with a part twice, with links to other
        workbooks, or with XML that defines entities.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
        raise not_a_workbook(name, f"{error}") from None
    _check_sizes(parts, name)
    names = [part.filename for part in parts]
    if len({one.casefold() for one in names}) != len(names):
        raise not_a_workbook(name, "a part is in the archive twice")
    if any(part.flag_bits & 1 for part in parts):
        raise refuse(
            "workbook-with-password",
            "the workbook has a password",
            "save a copy without it",
            FilePlace(f"{name}: file"),
        )
    if any(one.startswith(LINKS) for one in names):
        raise refuse(
            "external-link",
            "cells of the workbook take values from another workbook",
            "break the links (in Excel: Data, Edit Links, Break Link), and save a copy",
            FilePlace(f"{name}: file"),
        )
    for part in parts:
        if PurePosixPath(part.filename).suffix in XML:
            _check_xml(archive, part, name)
    return archive


def _check_sizes(parts: list[zipfile.ZipInfo], name: str) -> None:
    """Refuse an archive that becomes too large; its directory bounds what is unpacked."""
    xml = [part for part in parts if PurePosixPath(part.filename).suffix in XML]
    whole = sum(part.file_size for part in parts)
    dense = [
        part
        for part in parts
        if part.file_size > max(SMALL, LARGEST_RATIO * max(part.compress_size, 1))
    ]
    if (
        whole > LARGEST_WHOLE
        or sum(part.file_size for part in xml) > LARGEST_XML
        or len(parts) > MOST_PARTS
        or dense
    ):
        raise refuse(
            "workbook-too-large",
            f"the workbook unpacks to {whole / 1e6:.0f} MB in {len(parts)} parts",
            "copy the sheets of this patient into a new workbook",
            FilePlace(f"{name}: file"),
        )


def _check_xml(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    """Refuse a part that defines entities, or whose encoding would hide that it does."""
    content = b"".join(_chunks(archive, part, name))
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\x00" in content:
        raise not_a_workbook(name, f"{part.filename} has definitions that no workbook needs")


def _chunks(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    try:
        yield archive.read(part)
    except Exception as error:  # zlib, lzma and zipfile each have their own
        raise not_a_workbook(name, f"{part.filename}: {error}") from None


def not_a_workbook(name: str, why: str) -> InputError:
    """Return the error of a file that looks like a workbook and is not a readable one."""
    return refuse(
        "not-a-workbook",
        f"not readable as a workbook: {why[:200]}",
        "open it in Excel or LibreOffice, and save it again as .xlsx",
        FilePlace(f"{name}: file"),
    )
