"""Files: read with a limit on their size, written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from dosimetry.problems import FilePlace, InputError, Problem, refuse
from dosimetry.therapy.file_kinds import refuse_binary

STANDARD_INPUT = "-"


def read_bytes(path: Path, name: str, largest: int) -> bytes:
    """Read a file of limited size, or say why that is not possible."""
    try:
        if not path.is_file():
            raise refuse(
                "no-such-file", "no such file", "check name and folder", FilePlace(f"{name}: file")
            )
        with path.open("rb") as stream:
            return _limited(stream, name, largest)
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


def _limited(stream: BinaryIO, name: str, largest: int) -> bytes:
    """Read all of a stream; refuse what is not text, and what is larger than allowed."""
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
    """Read a file of limited size, or standard input where the path is ``-``.

    Raises
    ------
    InputError
        Nothing is there to be read, it is too large, or it is not text.
    """
    if f"{path}" != STANDARD_INPUT:
        return read_bytes(path, name, largest)
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise refuse(
            "no-such-file", "there is no standard input", "name a file", FilePlace(f"{name}: file")
        )
    return _limited(stream, name, largest)


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

    Text is written as UTF-8 with the line ends that it has.

    Raises
    ------
    InputError
        The file cannot be written; what was there before is untouched.
    """
    with _refusing(path), replacing(path) as stream:
        stream.write(content if isinstance(content, bytes) else content.encode("utf-8"))


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of ``path`` when all of it is there: no part is ever seen.

    A link stays, and what it points to is replaced. A file that is there already keeps its
    permissions; a new one gets those that the user's umask leaves. A program that is killed may
    leave the unfinished file behind, named ``.NAME.xxxxxxxx.part``; nothing ever reads it.

    Raises
    ------
    InputError
        What is there is no plain file.
    OSError
        The file cannot be written; what was there before is untouched.
    """
    target, mode = _place(path)
    # Part of the name only: with all of it, a name as long as the system allows would be too long.
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
    """Turn what the system says of a file that it cannot write into our own kind of error."""
    try:
        yield
    except InputError:
        raise
    except (OSError, ValueError) as error:  # of a name with a null character
        why = getattr(error, "strerror", None) or str(error)
        raise refuse(
            "unwritable-file",
            f"cannot be written: {why}",
            "check the folder and its permissions",
            f"{path}: file",
        ) from None


def _place(path: Path) -> tuple[Path, int | None]:
    """Return the file behind all links, and its permissions if it is there; refuse what is none."""
    target, mode = Path(os.path.realpath(path)), None
    try:
        found = target.stat()
    except FileNotFoundError:
        target.parent.stat()  # says so where it is the folder that is missing
    else:
        if not stat.S_ISREG(found.st_mode):
            raise refuse("not-a-file", "is not a plain file", "name a file", f"{path}: file")
        if not os.access(target, os.W_OK):  # which renaming would pass over
            raise PermissionError(errno.EACCES, "it is read-only")
        mode = found.st_mode & 0o777
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "its folder is read-only")
    return target, mode


def refuse_unwritable(*targets: Path) -> None:
    """Refuse files that could not be written, before any of them is.

    Raises
    ------
    InputError
        A target is no plain file, is read-only, or has no folder that can be written to.
    """
    for target in targets:
        with _refusing(target):
            _place(target)


def write_new(files: Mapping[Path, bytes], *, overwrite: bool) -> None:
    """Write files of which none is there yet; none is written where one cannot be.

    Parameters
    ----------
    files : mapping of path to bytes
    overwrite : bool
        Whether files that are there are replaced.

    Raises
    ------
    InputError
        A file is there already, or cannot be written.
    """
    there = [path for path in files if path.exists()]
    if there and not overwrite:
        raise InputError(
            Problem("file-exists", "exists already", "name another, or add --force", f"{path}")
            for path in there
        )
    refuse_overwriting((), *files)
    refuse_unwritable(*files)
    for path, content in files.items():
        write_whole(path, content)


def refuse_overwriting(sources: Iterable[Path], *targets: Path) -> None:
    """Refuse to write over a file that is read, or one result over another.

    Links are followed: a link to an input is that input.

    Raises
    ------
    InputError
        A target is one of the sources, or another target.
    """
    read = [source for source in sources if os.path.exists(source)]
    written: set[str] = set()
    for target in targets:
        if os.path.exists(target) and any(os.path.samefile(one, target) for one in read):
            raise refuse(
                "would-overwrite-input", "is an input file", "name another file", f"{target}"
            )
        real = os.path.normcase(os.path.realpath(target))
        if real in written:
            raise refuse(
                "named-twice", "two results would be one file", "name another file", f"{target}"
            )
        written.add(real)
