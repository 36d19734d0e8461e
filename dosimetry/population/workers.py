"""Where parts of a job are computed: in this process, or on a Dask cluster, local or not.

Only so many parts are under way at a time that memory is bounded by parts, not by the table.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, TypeVar

from dosimetry.problems import refuse

AHEAD = 2  # parts under way for each worker
SMALL = 20_000_000  # bytes of a table that one process does before others have started
ANSWER = "10s"  # a scheduler that takes longer is not there
QUIET = {  # looking at itself costs a worker a seventh of its time, keeping all messages the memory
    "distributed.admin.low-level-log-length": 10,
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}

T = TypeVar("T")
R = TypeVar("R")


class Workers(Protocol):
    """Computes numbered parts, in the order in which they are finished."""

    def run(
        self, compute: Callable[[T], R], numbered: Iterable[tuple[int, T]]
    ) -> Iterator[tuple[int, R]]:
        """Yield each part's number and result."""


@contextlib.contextmanager
def workers_of(count: int | None, scheduler: str | None, source: Path) -> Iterator[Workers]:
    """Give the workers asked for.

    Parameters
    ----------
    count : int or None
        Processes of this machine; None for one where the table is small or Dask not there, else
        one per core.
    scheduler : str or None
        Address of a Dask scheduler.
    source : path
        The table.

    Raises
    ------
    InputError
        No number of processes, no Dask, or no scheduler at the address.
    """
    if count is None:
        large = source.stat().st_size >= SMALL and find_spec("distributed") is not None
        count = (os.cpu_count() or 1) if large else 1
    if not 1 <= count <= 1024:
        raise refuse("out-of-range", f"{count} is outside 1 to 1024", "as in 2", "workers")
    if scheduler is None and count == 1:
        yield _Here()
        return
    cluster = _local(count) if scheduler is None else contextlib.nullcontext(scheduler)
    with cluster as address, _client(address) as client:
        yield _Dask(client)


class _Here:
    def run(
        self, compute: Callable[[T], R], numbered: Iterable[tuple[int, T]]
    ) -> Iterator[tuple[int, R]]:
        for number, part in numbered:
            yield number, compute(part)


class _Dask:
    def __init__(self, client: Any) -> None:
        self.client = client

    def run(
        self, compute: Callable[[T], R], numbered: Iterable[tuple[int, T]]
    ) -> Iterator[tuple[int, R]]:
        import distributed

        source = iter(numbered)
        numbers: dict[str, int] = {}
        finished = distributed.as_completed(loop=self.client.loop)  # type: ignore[no-untyped-call]

        def submit() -> bool:
            item = next(source, None)
            if item is None:
                return False
            packed = pickle.dumps(item[1], pickle.HIGHEST_PROTOCOL)
            future = self.client.submit(_unpacked, compute, packed, pure=False, retries=2)
            numbers[future.key] = item[0]
            finished.add(future)  # type: ignore[no-untyped-call]
            return True

        threads = max(sum(self.client.nthreads().values()), 1)
        for _ in range(AHEAD * threads):
            if not submit():
                break
        for future in finished:
            try:
                result = future.result()
            except distributed.KilledWorker as error:
                raise refuse(
                    "worker-died",
                    f"workers died over one part: {error}",
                    "check their memory, then go on with --resume",
                ) from None
            yield numbers.pop(future.key), result
            future.release()
            submit()


def _unpacked(compute: Callable[[T], R], packed: bytes) -> R:
    """Compute a part that was packed: Dask looks into every list, but not into bytes."""
    return compute(pickle.loads(packed))


@contextlib.contextmanager
def _local(count: int) -> Iterator[Any]:
    """Start a cluster of so many processes on this machine."""
    _need("--workers", f"{count} workers need")
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set(QUIET),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=logging.CRITICAL,  # what matters comes as an error
        ) as cluster,
    ):
        yield cluster


def _need(place: str, what: str) -> None:
    if find_spec("distributed") is None:
        raise refuse(
            "needs-cluster-extra",
            f"{what} dask.distributed",
            'pip install "dosimetry[cluster]"',
            place,
        )


@contextlib.contextmanager
def _client(address: Any) -> Iterator[Any]:
    """Connect to a scheduler, by its address or its local cluster."""
    _need("--scheduler", "a cluster needs")
    import dask
    from distributed import Client

    try:
        with dask.config.set(QUIET):
            client: Any = Client(  # type: ignore[no-untyped-call]
                address, timeout=ANSWER, set_as_default=False
            )
    except (OSError, ValueError, TimeoutError) as error:
        raise refuse(
            "no-scheduler",
            f"no Dask scheduler answers: {error}",
            "as in tcp://HOST:8786; start one with: dask scheduler",
            "--scheduler",
        ) from None
    try:
        yield client
    finally:
        client.close()
