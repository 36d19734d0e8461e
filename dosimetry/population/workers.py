"""Where parts of a job are computed: in this process, in several, or on a Dask cluster.

Only so many parts are under way at a time that memory is bounded by parts, not by the table.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from dosimetry.problems import refuse

AHEAD = 2  # parts under way for each worker
SMALL = 20_000_000  # bytes of a table that one process does before others have started
ANSWER = "10s"  # a scheduler that takes longer is not there

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
        Processes; None for one where the table is small, else one per core.
    scheduler : str or None
        Address of a Dask scheduler.
    source : path
        The table.

    Raises
    ------
    InputError
        No number of processes, no Dask, or no scheduler at the address.
    """
    if scheduler is not None:
        with _client(scheduler) as client:
            yield _Dask(client)
        return
    if count is None:
        count = 1 if source.stat().st_size < SMALL else os.cpu_count() or 1
    if not 1 <= count <= 1024:
        raise refuse("out-of-range", f"{count} is outside 1 to 1024", "as in 2", "workers")
    if count == 1:
        yield _Here()
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, mp_context=context)
    try:
        yield _Pool(pool, count)
    finally:
        pool.shutdown(cancel_futures=True)


class _Here:
    def run(
        self, compute: Callable[[T], R], numbered: Iterable[tuple[int, T]]
    ) -> Iterator[tuple[int, R]]:
        for number, part in numbered:
            yield number, compute(part)


class _Pool:
    def __init__(self, pool: Any, count: int) -> None:
        self.pool, self.count = pool, count

    def run(
        self, compute: Callable[[T], R], numbered: Iterable[tuple[int, T]]
    ) -> Iterator[tuple[int, R]]:
        from concurrent.futures import FIRST_COMPLETED, wait
        from concurrent.futures.process import BrokenProcessPool

        under_way: dict[Any, int] = {}
        source = iter(numbered)
        try:
            while True:
                while len(under_way) < AHEAD * self.count:
                    item = next(source, None)
                    if item is None:
                        break
                    under_way[self.pool.submit(compute, item[1])] = item[0]
                if not under_way:
                    return
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    yield under_way.pop(future), future.result()
        except BrokenProcessPool:
            raise refuse(
                "worker-died",
                "a worker process was killed (out of memory?)",
                "go on with --resume; fewer workers need less memory",
            ) from None


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
            future = self.client.submit(compute, item[1], pure=False, retries=2)
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


@contextlib.contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise refuse(
            "needs-cluster-extra",
            "a cluster needs dask.distributed",
            'pip install "dosimetry[cluster]"',
            "--scheduler",
        ) from None
    try:
        client: Any = Client(address, timeout=ANSWER, set_as_default=False)  # type: ignore[no-untyped-call]
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
