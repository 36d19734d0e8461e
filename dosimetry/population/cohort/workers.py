"""Where the parts of a job are computed: in this process, or on a Dask cluster.

The number of parts in progress is limited, so memory grows with the part, not with the table.
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

AHEAD = 2  # parts in progress for each worker
SMALL = 20_000_000  # bytes; one process finishes a smaller table before others have started
ANSWER = "10s"  # longest wait for a scheduler
QUIET = {  # monitoring costs a worker a seventh of its time, and keeping all messages its memory
    "distributed.admin.low-level-log-length": 10,
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}

T = TypeVar("T")
R = TypeVar("R")


class Workers(Protocol):
    """Compute numbered parts and yield them in the order in which they finish."""

    def run(
        self, compute: Callable[[T], R], numbered: Iterable[tuple[int, T]]
    ) -> Iterator[tuple[int, R]]:
        """Yield number and result of each part."""


@contextlib.contextmanager
def workers_of(count: int | None, scheduler: str | None, source: Path) -> Iterator[Workers]:
    """Yield the requested workers.

    Parameters
    ----------
    count : int or None
        Processes on this machine. None: one where the table is small or Dask is not installed,
        else one per core.
    scheduler : str or None
        Address of a Dask scheduler.
    source : path
        The table.

    Raises
    ------
    InputError
        The number of processes is out of range, Dask is not installed, or no scheduler answers
        at the address.
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
                    f"the workers died while computing one part: {error}",
                    "check their memory, then continue with --resume",
                ) from None
            yield numbers.pop(future.key), result
            future.release()
            submit()


def _unpacked(compute: Callable[[T], R], packed: bytes) -> R:
    """Compute a pickled part: Dask inspects every list it is given, but no bytes."""
    return compute(pickle.loads(packed))


@contextlib.contextmanager
def _local(count: int) -> Iterator[Any]:
    """Start a cluster of this number of processes on this machine."""
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
            silence_logs=logging.CRITICAL,  # a failure raises an error anyway
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
    """Connect to a scheduler by its address, or to a local cluster."""
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
            "give its address, as in tcp://HOST:8786; dask scheduler starts one",
            "--scheduler",
        ) from None
    try:
        yield client
    finally:
        client.close()
