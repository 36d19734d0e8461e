"""What a planner is started with."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def default_workers() -> int:
    """Return the number of processes that plan: one a core, at most four."""
    return min(os.cpu_count() or 1, 4)


@dataclass(frozen=True)
class Settings:
    """What a planner is started with.

    Attributes
    ----------
    token : str
        Secret of the start address, the cookie and the bearer.
    host, port : str, int
        Address that is listened at.
    patient : path, optional
        Patient file that the page begins with.
    public_name : str
        Name that browsers use where TLS stands in front; empty without.
    workers : int
        Processes that plan.
    time_out : float
        Longest work on one request, in s.
    queue : int
        Requests that may wait for a worker; another is refused with 503.
    largest_body : int
        In bytes.
    body_time_out : float
        Longest transmission of a body, in s.
    worker_memory : int
        Largest address space of a worker, in bytes.
    requests_per_worker : int
        A worker is replaced after as many.

    Examples
    --------
    >>> Settings("secret").host
    '127.0.0.1'
    """

    token: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 0
    patient: Path | None = None
    public_name: str = ""
    workers: int = field(default_factory=default_workers)
    time_out: float = 60.0
    queue: int = 32
    largest_body: int = 12_000_000
    body_time_out: float = 20.0
    worker_memory: int = 3_000_000_000
    requests_per_worker: int = 500

    @property
    def cookie(self) -> str:
        """Name of the cookie; browsers share cookies between the ports of a computer."""
        return f"dosimetry-planner-{self.port}"
