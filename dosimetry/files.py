"""Files: read with limits, written whole or not at all; and the libraries that an extra needs."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from dosimetry.file_kinds import refuse_binary
from dosimetry.problems import FilePlace, InputError, Problem, quote, refuse

EXTRAS = {
    "report": ("jinja2", "matplotlib"),
    "pdf": ("jinja2", "matplotlib", "weasyprint"),
    "planner": ("jinja2", "python_multipart", "starlette", "uvicorn"),
}


def need(extra: str) -> None:
    """Refuse if a library of an extra is not installed.

    Raises
    ------
    InputError
        With the command that installs it.

    Examples
    --------
    >>> need("report")
    """
    missing = [name for name in EXTRAS[extra] if find_spec(name) is None]
    if missing:
        raise refuse(
            "extra-not-installed",
            f"not installed, but needed for this output: {', '.join(missing)}",
            f"python -m pip install 'dosimetry[{extra}]'",
        )
    if extra == "pdf":
        try:
            import_module("weasyprint")
        except OSError as error:
            raise refuse(
                "library-not-installed",
                f"WeasyPrint does not find its system library: {error}",
                "install Pango, as in: apt-get install libpango-1.0-0 libpangoft2-1.0-0",
            ) from None


STANDARD_INPUT = "-"


def read_bytes(path: Path, name: str, largest: int) -> bytes:
    """Return the content of a file of limited size.

    Raises
    ------
    InputError
        The file is missing, unreadable, too large or not text.
    """
    try:
        if not path.is_file():
            raise refuse(
                "no-such-file", "no such file", "check name and folder", FilePlace(f"{name}: file")
            )
        with path.open("rb") as stream:
            return limited(stream, name, largest)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        why = getattr(error, "strerror", None) or str(error)
        raise refuse(
            "unreadable-file",
            f"cannot be read: {why}",
            "check the name and its permissions",
            FilePlace(f"{name}: file"),
        ) from None


def within(base: Path | None, name: str) -> Path:
    """Return the path of a file that an input names; refuse every one without a folder.

    Raises
    ------
    InputError
        There is no folder: the input came over HTTP, and may open no file of this computer.

    Examples
    --------
    >>> within(Path("examples"), "two_cycles_1.csv").name
    'two_cycles_1.csv'
    """
    if base is None:
        raise refuse(
            "no-files-here",
            f"{quote(name)} names a file, and no file is opened for this input",
            "write the content itself: scans and laboratory values as a list",
        )
    return base / name


def limited(stream: BinaryIO, name: str, largest: int) -> bytes:
    """Return the content of a stream; refuse one that is too large or not text."""
    raw = stream.read(largest + 1)
    refuse_binary(raw, name)
    if len(raw) > largest:
        raise refuse(
            "file-too-large",
            f"larger than {largest / 1e6:g} MB",
            "split it, or check that it is the right file",
            FilePlace(f"{name}: file"),
        )
    return raw


def read_input(path: Path, name: str, largest: int) -> bytes:
    """Return the content of a file of limited size, or standard input where the path is ``-``.

    Raises
    ------
    InputError
        The file is missing, unreadable, too large or not text.
    """
    if f"{path}" != STANDARD_INPUT:
        return read_bytes(path, name, largest)
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise refuse(
            "no-such-file", "there is no standard input", "name a file", FilePlace(f"{name}: file")
        )
    return limited(stream, name, largest)


def decode(raw: bytes, name: str) -> str:
    """Decode UTF-8, with or without byte order mark."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise refuse(
            "not-utf-8",
            f"byte {error.start + 1} is not UTF-8",
            "save the file as UTF-8",
            FilePlace(f"{name}:{line}"),
        ) from None


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file by renaming a finished one into place, as :func:`replacing` does.

    Text is written as UTF-8, its line ends unchanged.

    Raises
    ------
    InputError
        The file cannot be written; an existing one is untouched.
    """
    with _refusing(path), replacing(path) as stream:
        stream.write(content if isinstance(content, bytes) else content.encode("utf-8"))


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that replaces ``path`` once it is complete.

    A link stays, and its target is replaced. An existing file keeps its permissions; a new one gets
    those of the user's umask. A program that is killed may leave the unfinished file behind, named
    ``.NAME.xxxxxxxx.part``; nothing reads it.

    Raises
    ------
    InputError
        ``path`` is not a plain file.
    OSError
        The file cannot be written; an existing one is untouched.
    """
    target, mode = _place(path)
    # Only part of the name, so that the longest name allowed does not become too long.
    part = target.with_name(f".{target.name[:40]}.{secrets.token_hex(4)}.part")
    # A private file is private from its first byte on.
    begun = os.open(part, NEW, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(begun, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            os.chmod(part, mode)
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)  # follows no link


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Turn errors of the operating system into an :class:`InputError`."""
    try:
        yield
    except InputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        why = getattr(error, "strerror", None) or str(error)
        raise refuse(
            "unwritable-file",
            f"cannot be written: {why}",
            "check the folder and its permissions",
            f"{path}: file",
        ) from None


def _place(path: Path) -> tuple[Path, int | None]:
    """Return the file behind all links, and its permissions if it exists; refuse special files."""
    target, mode = Path(os.path.realpath(path)), None
    try:
        status = target.stat()
    except FileNotFoundError:
        target.parent.stat()  # raises where the folder is missing
    else:
        if not stat.S_ISREG(status.st_mode):
            raise refuse("not-a-file", "is not a plain file", "name a file", f"{path}: file")
        if not os.access(target, os.W_OK):  # renaming would ignore it
            raise PermissionError(errno.EACCES, "it is read-only")
        mode = status.st_mode & 0o777
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "its folder is read-only")
    return target, mode


def refuse_unwritable(*targets: Path) -> None:
    """Refuse files that cannot be written, before any is written.

    Raises
    ------
    InputError
        A target is not a plain file, is read-only, or is in a folder that cannot be written to.
    """
    for target in targets:
        with _refusing(target):
            _place(target)


def write_new(files: Mapping[Path, bytes], *, overwrite: bool) -> None:
    """Write new files; write none where one of them cannot be written.

    Parameters
    ----------
    files : mapping of path to bytes
    overwrite : bool
        Whether existing files are replaced.

    Raises
    ------
    InputError
        A file exists already, or cannot be written.
    """
    existing = [path for path in files if path.exists()]
    if existing and not overwrite:
        raise InputError(
            Problem("file-exists", "exists already", "name another, or add --force", f"{path}")
            for path in existing
        )
    refuse_overwriting((), *files)
    refuse_unwritable(*files)
    for path, content in files.items():
        write_whole(path, content)


def refuse_overwriting(sources: Iterable[Path], *targets: Path) -> None:
    """Refuse to overwrite an input file, or one result with another.

    Links are followed: a link to an input is that input.

    Raises
    ------
    InputError
        A target is one of the sources, or another target.
    """
    read = [source for source in sources if os.path.exists(source)]
    written: set[str] = set()
    for target in targets:
        if os.path.exists(target) and any(os.path.samefile(source, target) for source in read):
            raise refuse(
                "would-overwrite-input", "is an input file", "name another file", f"{target}"
            )
        real = os.path.normcase(os.path.realpath(target))
        if real in written:
            raise refuse(
                "named-twice",
                "two results have the same file name",
                "name another file",
                f"{target}",
            )
        written.add(real)
