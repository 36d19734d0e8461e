"""The parts of a cohort that are finished, kept in a folder until the tables are put together.

A part is written as text where it is computed, and its folder appears whole or not at all.
"""

from __future__ import annotations

import contextlib
import csv
import gc
import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, NamedTuple

from dosimetry.physics import compiling
from dosimetry.population.cohort_part import compute_part
from dosimetry.population.cohort_table import Part
from dosimetry.population.spreadsheet import spreadsheet_safe
from dosimetry.problems import refuse
from dosimetry.therapy.files import write_whole


class Finished(NamedTuple):
    """A part as it is written: the three tables as CSV, and what is in them."""

    tables: dict[str, bytes]
    counts: dict[str, int]


def finish(part: Part, spreadsheet: bool, curves: int) -> Finished:
    """Compute a part and write its tables as CSV without header.

    Parameters
    ----------
    part : Part
    spreadsheet : bool
        Whether the tables may be opened in one, so that no text may look like a formula.
    curves : int
        How many the whole table has, about: compiling the kernel is to be repaid by all parts.
    """
    with _collected_later():
        result = compute_part(part, compiling.repays_compiling(curves) or None)
    tables = {"doses": result.doses, "limits": result.limits, "rejected": result.rejected}
    counts = {name: len(rows) for name, rows in tables.items()}
    return Finished(
        {
            name: _csv(rows, spreadsheet or name == "rejected").encode(errors="backslashreplace")
            for name, rows in tables.items()
        },
        {"patients": result.patients, "curves": result.curves, **counts},
    )


@contextlib.contextmanager
def _collected_later() -> Iterator[None]:
    """Look for garbage when the part is done: it all lives till then, and looking costs a sixth."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _csv(rows: Iterable[tuple[Any, ...]], spreadsheet: bool) -> str:
    stream = io.StringIO()
    out = csv.writer(stream, lineterminator="\n")
    for row in rows:
        out.writerow(map(_safe, row) if spreadsheet else row)
    return stream.getvalue()


def _safe(cell: Any) -> Any:
    return spreadsheet_safe(cell) if isinstance(cell, str) else cell


class Journal:
    """The finished parts, in a folder beside the output."""

    def __init__(self, output: Path, job: dict[str, Any], resume: bool) -> None:
        self.folder = output.with_name(f".{output.name}.parts")
        self.gone = output.with_name(f"{self.folder.name}.gone")
        shutil.rmtree(self.gone, ignore_errors=True)  # of a run that was killed while removing it
        description = self.folder / "job.json"
        if self.folder.exists() and not resume:
            raise refuse(
                "job-interrupted",
                "an earlier run was interrupted",
                f"add --resume to go on, or remove {self.folder.name}",
                f"{output}",
            )
        if description.exists() and json.loads(description.read_text()) != job:
            raise refuse(
                "job-of-another-input",
                "the interrupted run was of another input, version or part size",
                f"remove {self.folder.name} and begin again",
                f"{output}",
            )
        with writing(output):
            self.folder.mkdir(exist_ok=True)
        unknown = not description.exists()  # what parts are of, if they are there
        for left in self.folder.glob("part-*" if unknown else "part-*.new"):
            shutil.rmtree(left)  # half a part of the run that was interrupted
        write_whole(description, json.dumps(job))

    def done(self) -> set[int]:
        """Return the numbers of the finished parts."""
        found = self.folder.glob("part-*")
        return {int(path.name[5:]) for path in found if path.name[5:].isdigit()}

    def parts(self) -> list[Path]:
        """Return the folders of the finished parts in their order."""
        return [self._part(number) for number in sorted(self.done())]

    def _part(self, number: int) -> Path:
        return self.folder / f"part-{number:07d}"

    def write(self, number: int, part: Finished) -> None:
        """Write a finished part."""
        final = self._part(number)
        new = final.with_name(f"{final.name}.new")
        files = {f"{name}.csv": table for name, table in part.tables.items()}
        files["counts.json"] = json.dumps(part.counts).encode()
        with writing(final):
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            for name, content in files.items():
                with (new / name).open("wb") as stream:
                    stream.write(content)
                    to_disk(stream)
            os.replace(new, final)

    def remove(self) -> None:
        """Remove the parts: they are put together, or of no use.

        At once by renaming, for a part of which a file is gone would still be taken for finished.
        """
        os.replace(self.folder, self.gone)
        shutil.rmtree(self.gone)


def to_disk(stream: IO[Any]) -> None:
    """Wait until a file is on the disk."""
    stream.flush()
    os.fsync(stream.fileno())


class writing(AbstractContextManager[None]):  # noqa: N801 - reads as a sentence
    """Turn what the system says of a file into our own kind of error."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, OSError):
            raise refuse(
                "unwritable-file",
                f"cannot be written: {error.strerror or error}",
                "make room or check the permissions; then go on with --resume",
                f"{self.path}",
            ) from None
