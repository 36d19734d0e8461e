"""A cohort: doses and limits of many patients from a table, on one machine or a cluster.

The table is computed in parts. Each finished part is a folder that appears by renaming, so an
interrupted job loses only the parts in progress, and ``resume`` computes the rest. The parts are
joined at the end; each result table appears by renaming too.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import dosimetry
from dosimetry.files import refuse_overwriting, refuse_unwritable, replacing
from dosimetry.population.cohort.journal import Journal, finish, writing
from dosimetry.population.cohort.part import DOSE_COLUMNS, LIMIT_COLUMNS, REJECTED_COLUMNS
from dosimetry.population.cohort.table import Part, parts
from dosimetry.population.cohort.workers import workers_of
from dosimetry.problems import InputError, refuse
from dosimetry.reference import tables

TOGETHER = 100  # patients of a part
OF_A_CURVE = 200  # approximate bytes of a curve in the table: four scans
SAMPLE = 1 << 20  # bytes at each end of the input that identify it


@dataclass(frozen=True)
class CohortSummary:
    """Counts and files of a finished cohort.

    Attributes
    ----------
    patients, curves : int
    doses, limits, rejected : int
        Rows of the three tables.
    resumed : int
        Parts taken over from an interrupted run.
    files : tuple of str
    """

    patients: int
    curves: int
    doses: int
    limits: int
    rejected: int
    resumed: int
    files: tuple[str, ...]


def outputs(output: Path) -> dict[str, Path]:
    """Return the files that a cohort writes: doses, limits, rejected rows.

    Examples
    --------
    >>> [path.name for path in outputs(Path("out.parquet")).values()]
    ['out.parquet', 'out.limits.parquet', 'out.parquet.rejected.csv']
    """
    return {
        "doses": output,
        "limits": output.with_name(f"{output.stem}.limits{output.suffix}"),
        "rejected": output.with_name(f"{output.name}.rejected.csv"),
    }


def run_cohort(
    source: str | Path,
    output: str | Path,
    *,
    resume: bool = False,
    workers: int | None = None,
    scheduler: str | None = None,
    together: int = TOGETHER,
    progress: Callable[[int], None] | None = None,
) -> CohortSummary:
    """Compute the doses of every patient of a table.

    Parameters
    ----------
    source : path
        CSV or Parquet, one row per scan (:func:`cohort_schema`), the rows of a patient one after
        the other.
    output : path
        CSV or Parquet, by its suffix: one row per patient, cycle and region. Two more files stand
        beside it: ``.limits``, one row per patient and limit, and ``.rejected.csv``, the rows left
        out and why.
    resume : bool
        Continue an interrupted job.
    workers : int, optional
        Processes on this machine; default: one for small tables, else one per core.
    scheduler : str, optional
        Address of a Dask scheduler, ``tcp://HOST:PORT``.
    together : int
        Patients of a part; memory grows with it, not with the table.
    progress : callable, optional
        Called with the number of patients done.

    Returns
    -------
    CohortSummary

    Raises
    ------
    InputError
        The table cannot be read, a file cannot be written, the interrupted job had another
        input, or the scheduler does not answer.
    """
    source, output = Path(source), Path(output)
    if output.suffix not in (".csv", ".parquet"):
        raise refuse(
            "unknown-format",
            "the output is neither .csv nor .parquet",
            "name it FILE.csv or FILE.parquet",
            f"{output}",
        )
    refuse_overwriting([source], *outputs(output).values())
    refuse_unwritable(*outputs(output).values())
    job = _job(source, together)
    compute = functools.partial(
        finish, spreadsheet=output.suffix == ".csv", curves=job["size"] // OF_A_CURVE
    )
    with workers_of(workers, scheduler, source) as pool:
        journal = Journal(output, job, resume)
        done = journal.done()
        finished = len(done) * together
        for number, result in pool.run(compute, _to_do(source, together, done, journal)):
            journal.write(number, result)
            finished += result.counts["patients"]
            if progress is not None:
                progress(finished)
    return _put_together(output, journal, len(done))


def _job(source: Path, together: int) -> dict[str, Any]:
    """Return what identifies a job: size and both ends of the input, version, tables."""
    if not source.is_file():
        raise refuse("no-such-file", "no such file", "check name and folder", f"{source}")
    digest = hashlib.sha256()
    with source.open("rb") as stream:
        digest.update(stream.read(SAMPLE))
        stream.seek(max(source.stat().st_size - SAMPLE, 0))
        digest.update(stream.read(SAMPLE))
    return {
        "input": digest.hexdigest(),
        "size": source.stat().st_size,
        "together": together,
        "version": dosimetry.__version__,
        "tables": hashlib.sha256(json.dumps(tables.hashes()).encode()).hexdigest(),
    }


def _to_do(
    source: Path, together: int, done: set[int], journal: Journal
) -> Iterator[tuple[int, Part]]:
    """Yield the parts that are not finished."""
    try:
        for number, part in enumerate(parts(source, together)):
            if number not in done:
                yield number, part
    except InputError:
        journal.remove()  # the table has to change, so the finished parts are of no use
        raise


def _put_together(output: Path, journal: Journal, resumed: int) -> CohortSummary:
    """Write the result tables from the parts in their order, then remove the parts."""
    folders = journal.parts()
    files = outputs(output)
    columns = {"doses": DOSE_COLUMNS, "limits": LIMIT_COLUMNS, "rejected": REJECTED_COLUMNS}
    for name in ("rejected", "limits", "doses"):
        with writing(files[name]):
            _write_table(files[name], columns[name], [f / f"{name}.csv" for f in folders])
    counts = [json.loads((folder / "counts.json").read_text()) for folder in folders]
    journal.remove()
    total = {key: sum(count[key] for count in counts) for key in (counts[0] if counts else {})}
    return CohortSummary(
        **{key: total.get(key, 0) for key in ("patients", "curves", "doses", "limits", "rejected")},
        resumed=resumed,
        files=tuple(f"{path}" for path in files.values()),
    )


def _write_table(path: Path, columns: Sequence[str], sources: Sequence[Path]) -> None:
    with replacing(path) as stream:
        if path.suffix == ".parquet":
            _write_parquet(stream, columns, sources)
            return
        stream.write(f"{','.join(columns)}\n".encode())  # no column name needs quotes
        for source in sources:
            with source.open("rb") as part:
                shutil.copyfileobj(part, stream)


def _write_parquet(stream: BinaryIO, columns: Sequence[str], sources: Sequence[Path]) -> None:
    """Write each part as a row group; a column whose name has a unit holds numbers, else text."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise refuse(
            "needs-cluster-extra",
            "Parquet needs pyarrow",
            'pip install "dosimetry[cluster]" and --resume, or write CSV',
            "output",
        ) from None
    kinds = {"cycle": pyarrow.int64(), "chi2": pyarrow.float64(), "probability": pyarrow.float64()}
    schema = pyarrow.schema(
        (name, kinds.get(name, pyarrow.float64() if "[" in name else pyarrow.string()))
        for name in columns
    )
    with parquet.ParquetWriter(stream, schema) as writer:
        for source in sources:
            with source.open(encoding="utf-8", newline="") as part:
                rows = list(csv.reader(part))
            arrays = []
            for i, kind in enumerate(schema):
                cells: list[Any] = [row[i] for row in rows]
                make = {pyarrow.int64(): int, pyarrow.string(): str}.get(kind.type, float)
                cells = [make(cell) if cell else None for cell in cells]
                arrays.append(pyarrow.array(cells, kind.type))
            writer.write_table(pyarrow.table(arrays, schema=schema))
