"""How far a long job is, its rate and the time left: on a terminal only."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TextIO

WIDTH, PAUSE = 24, 0.2


class Progress:
    """A line that is written over; nothing where the stream is no terminal.

    Parameters
    ----------
    total : int
    unit : str
        What is counted.
    stream : text stream
    """

    def __init__(self, total: int, unit: str, stream: TextIO) -> None:
        self.total, self.unit, self.stream = total, unit, stream
        self.begin = self.shown = time.monotonic()
        self.started_at = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.stream.isatty():
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def at(self, done: int) -> None:
        """Say that so much is done."""
        now = time.monotonic()
        if not self.stream.isatty() or (now - self.shown < PAUSE and done < self.total):
            return
        self.shown = now
        self.stream.write(f"\r\x1b[K{line(done, self.total, self.unit, now - self.begin)}")
        self.stream.flush()


def line(done: int, total: int, unit: str, seconds: float) -> str:
    """Return the line: bar, share, rate, time left.

    Examples
    --------
    >>> line(250, 1000, "patients", 5.0)
    '[######------------------]  25 %  50 patients/s  0:00:15 left'
    """
    share = done / total if total else 1.0
    bar = "#" * int(share * WIDTH)
    rate = done / seconds if seconds > 0 else 0.0
    left = int((total - done) / rate) if rate > 0 else 0
    clock = f"{left // 3600}:{left // 60 % 60:02d}:{left % 60:02d}"
    return (
        f"[{bar:-<{WIDTH}}] {share:4.0%}".replace("%", " %")
        + f"  {rate:.0f} {unit}/s  {clock} left"
    )
