"""Reports and pictures as files, checked before any work and written whole."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from dosimetry.documents.plan import Plan
from dosimetry.documents.scans import Scans
from dosimetry.documents.selftest import SelfTest
from dosimetry.files import need, write_whole
from dosimetry.problems import refuse
from dosimetry.report.figures import FigureFormat, file_of, pictures
from dosimetry.report.terminal.progress import progress

KINDS = {".html": "report", ".htm": "report", ".pdf": "pdf"}  # suffix and its extra


def check_target(path: Path) -> None:
    """Refuse a report of unknown kind or without its libraries, before any work is done.

    Raises
    ------
    InputError
        The suffix is neither ``.html`` nor ``.pdf``, or a library is not installed.

    Examples
    --------
    >>> check_target(Path("plan.docx"))
    Traceback (most recent call last):
    dosimetry.problems.InputError: --report: 'plan.docx' is neither HTML nor PDF
      name it FILE.html or FILE.pdf
    """
    extra = KINDS.get(path.suffix.lower())
    if extra is None:
        raise refuse(
            "unknown-report",
            f"'{path.name}' is neither HTML nor PDF",
            "name it FILE.html or FILE.pdf",
            "--report",
        )
    need(extra)


def made_now() -> dt.datetime:
    """Return the time for the report: SOURCE_DATE_EPOCH if set, else now with its offset.

    Raises
    ------
    InputError
        SOURCE_DATE_EPOCH is not a number of seconds.
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    if not fixed:
        return dt.datetime.now().astimezone()
    try:
        return dt.datetime.fromtimestamp(int(fixed), dt.UTC)
    except (ValueError, OverflowError, OSError):
        raise refuse(
            "not-a-time", f"'{fixed}' is not a number of seconds since 1970",
            "correct or unset the variable",
            "SOURCE_DATE_EPOCH",
        ) from None  # fmt: skip


def write_report(
    plan: Plan,
    path: Path,
    made_at: dt.datetime | None = None,
    *,
    as_of: dt.date | None = None,
    quiet: bool = False,
    scans: Scans | None = None,
) -> None:
    """Write a report as HTML or PDF, by the suffix of the file.

    Parameters
    ----------
    plan : Plan
    path : path
    made_at : datetime, optional
        Shown in the report; default SOURCE_DATE_EPOCH, else now.
    as_of : date, optional
        The day with which the plan's dates are compared; default the date of ``made_at``, else
        today.
        SOURCE_DATE_EPOCH does not count, because the date of a build would hide a late dose.
    quiet : bool
        Show no progress.
    scans : Scans, optional
        Of the plan's next cycle, from :func:`dosimetry.scans`.

    Raises
    ------
    InputError
        See :func:`check_target`; or the file cannot be written.
    """
    check_target(path)
    from dosimetry.report.page.document import html, pdf

    make = pdf if KINDS[path.suffix.lower()] == "pdf" else html
    as_of = as_of or (made_at.date() if made_at else dt.date.today())
    made_at = made_at or made_now()
    with progress("report", len(pictures(plan, scans)), quiet) as step:
        made = make(plan, made_at, step, as_of, scans)
    write_whole(path, made)


def write_protocol(test: SelfTest, path: Path, made_at: dt.datetime | None = None) -> None:
    """Write the protocol of a self-test as HTML or PDF, by the suffix of the file.

    Parameters
    ----------
    test : SelfTest
    path : path
    made_at : datetime, optional
        Shown in the protocol; default SOURCE_DATE_EPOCH, else now.

    Raises
    ------
    InputError
        See :func:`check_target`; or the file cannot be written.
    """
    check_target(path)
    from dosimetry.report.page.protocol import protocol
    from dosimetry.report.page.template import typeset

    page = protocol(test, made_at or made_now())
    write_whole(path, typeset(page) if KINDS[path.suffix.lower()] == "pdf" else page)


def figure_files(
    plan: Plan, folder: Path, kind: FigureFormat, scans: Scans | None = None
) -> list[Path]:
    """Return the file of each picture of a plan, and of its next cycle's scans, in a folder."""
    return [folder / f"{picture.name}.{kind}" for picture in pictures(plan, scans)]


def write_figures(
    plan: Plan,
    folder: Path,
    kind: FigureFormat,
    *,
    quiet: bool = False,
    scans: Scans | None = None,
) -> list[Path]:
    """Write every picture of a plan, and of its next cycle's scans, and return the files.

    Raises
    ------
    InputError
        matplotlib is not installed, or the folder cannot be created or written.
    """
    need("report")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refuse(
            "unwritable-folder",
            f"the folder cannot be created: {error.strerror or error}",
            "name another folder",
            f"{folder}",
        ) from None
    files = figure_files(plan, folder, kind, scans)
    with progress("pictures", len(files), quiet) as step:
        for target, picture in zip(files, pictures(plan, scans), strict=True):
            write_whole(target, file_of(picture, kind))
            step()
    return files
