"""The finished parts of a cohort, kept in a folder until they are joined.

The worker that computes a part also writes it as text; its folder appears whole or not at all.
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

from dosimetry.files import write_whole
from dosimetry.physics.curve_search import repays_compiling
from dosimetry.population.cohort.part import compute_part
from dosimetry.population.cohort.spreadsheet import spreadsheet_safe
from dosimetry.population.cohort.table import Part
from dosimetry.problems import refuse


class Finished(NamedTuple):
    """A finished part: its three tables as CSV, and their numbers of rows."""

    tables: dict[str, bytes]
    counts: dict[str, int]


def finish(part: Part, spreadsheet: bool, curves: int) -> Finished:
    """Return a computed part, its tables as CSV without header.

    Parameters
    ----------
    part : Part
    spreadsheet : bool
        Whether to escape text that a spreadsheet would run as a formula.
    curves : int
        Approximate number of curves in the whole table; decides whether compiling the kernel
        pays.
    """
    with _collected_later():
        result = compute_part(part, repays_compiling(curves) or None)
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
    """Collect no garbage until the part is done.

    All objects live until then, and looking for garbage costs a sixth of the time.
    """
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
    """The folder of finished parts, beside the output."""

    def __init__(self, output: Path, job: dict[str, Any], resume: bool) -> None:
        self.folder = output.with_name(f".{output.name}.parts")
        self.gone = output.with_name(f"{self.folder.name}.gone")
        shutil.rmtree(self.gone, ignore_errors=True)  # of a run that was killed while removing it
        description = self.folder / "job.json"
        if self.folder.exists() and not resume:
            raise refuse(
                "job-interrupted",
                "an earlier run was interrupted",
                f"add --resume to continue it, or remove {self.folder.name}",
                f"{output}",
            )
        if description.exists() and json.loads(description.read_text()) != job:
            raise refuse(
                "job-of-another-input",
                "the interrupted run had another input, version or part size",
                f"remove {self.folder.name} and start again",
                f"{output}",
            )
        with writing(output):
            self.folder.mkdir(exist_ok=True)
        undescribed = not description.exists()  # then the job of the parts is not known
        for left in self.folder.glob("part-*" if undescribed else "part-*.new"):
            shutil.rmtree(left)  # of the interrupted run, of another job or incomplete
        write_whole(description, json.dumps(job))

    def done(self) -> set[int]:
        """Return the numbers of the finished parts."""
        names = (path.name.removeprefix("part-") for path in self.folder.glob("part-*"))
        return {int(name) for name in names if name.isdigit()}

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
        """Remove the parts, which are joined or of no use.

        By renaming the folder first: a part without one of its files would still count as
        finished.
        """
        os.replace(self.folder, self.gone)
        shutil.rmtree(self.gone)


def to_disk(stream: IO[Any]) -> None:
    """Write a file's buffers to the disk, and wait for it."""
    stream.flush()
    os.fsync(stream.fileno())


class writing(AbstractContextManager[None]):  # noqa: N801 - reads as a sentence
    """Raise the errors of the file system as InputError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, OSError):
            raise refuse(
                "unwritable-file",
                f"cannot be written: {error.strerror or error}",
                "free some space or check the permissions, then continue with --resume",
                f"{self.path}",
            ) from None
