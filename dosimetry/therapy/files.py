"""Files: read with a limit on their size, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from dosimetry.problems import FilePlace, InputError, refuse


def read_bytes(path: Path, name: str, largest: int) -> bytes:
    """Read a file of limited size, or say why that is not possible."""
    try:
        if not path.is_file():
            raise refuse(
                "no-such-file", "no such file", "check name and folder", FilePlace(f"{name}: file")
            )
        with path.open("rb") as stream:
            raw = stream.read(largest + 1)
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
    if len(raw) > largest:
        raise refuse(
            "file-too-large",
            f"larger than {largest / 1e6:g} MB",
            "split it, or check that it is the right file",
            FilePlace(f"{name}: file"),
        )
    return raw


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
    """Write a file by renaming a finished one into place, so that no part is ever seen.

    Text is written as UTF-8 with the line ends that it has.

    Raises
    ------
    InputError
        The file cannot be written; what was there before is untouched.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise refuse("not-a-file", "is no plain file", "name a file", f"{path}: file")
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content if isinstance(content, bytes) else content.encode("utf-8"))
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(part, path.stat().st_mode & 0o777 if path.exists() else 0o644)
            os.replace(part, path)
        except BaseException:
            os.unlink(part)
            raise
    except OSError as error:
        raise refuse(
            "unwritable-file",
            f"cannot be written: {error.strerror or error}",
            "check the folder and its permissions",
            f"{path}: file",
        ) from None


def refuse_overwriting(sources: Iterable[Path], target: Path) -> None:
    """Refuse to write over a file that is read.

    Raises
    ------
    InputError
        The target is one of the sources.
    """
    for source in sources:
        if source.exists() and target.exists() and source.samefile(target):
            raise refuse(
                "would-overwrite-input", "is an input file", "name another file", f"{target}"
            )
