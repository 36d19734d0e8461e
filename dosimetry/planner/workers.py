"""Processes that plan: one request each at a time, replaced when lost, late or old."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import pickle
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any, TypeVar

from dosimetry.planner.settings import Settings
from dosimetry.problems import InputError

T = TypeVar("T")
READY, BEGUN = "ready", "begun"
VALUE, REFUSED, MEMORY, FAILED = "value", "refused", "memory", "failed"
WARM = ("dosimetry.planner.jobs", "dosimetry.planning.compare", "dosimetry.cycle.curves_of_file")
START = 120.0  # s, for imports on a busy machine
PAUSE = 5.0  # s, before a worker that did not start is started again
LOG = logging.getLogger("dosimetry.planner")
SPAWN = multiprocessing.get_context("spawn")


class BusyError(Exception):
    """Every worker works and the queue is full."""


class LostError(Exception):
    """The worker ended before it answered."""


class LateError(Exception):
    """The work took longer than a request may take; the worker was ended."""


class OutOfMemoryError(Exception):
    """The work needed more memory than a worker has."""


class FailedError(Exception):
    """The work raised an error that is a fault of the program; the text names type and line."""


class Workers:
    """Processes that plan.

    A request waits for a free process, at most ``queue`` of them. A process that is killed loses
    its request alone and is replaced. After ``requests_per_worker`` it is replaced as well, so
    that memory does not grow.

    Parameters
    ----------
    settings : Settings
    modules : sequence of str
        What a process imports before it takes its first request.

    Examples
    --------
    >>> import asyncio
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> async def computed():
    ...     workers = Workers(Settings("secret", workers=1), ())
    ...     await workers.start()
    ...     try:
    ...         return await workers.run(divmod, 7, 2)
    ...     finally:
    ...         await workers.stop()
    >>> with ThreadPoolExecutor(1) as thread:  # whatever loop runs in this one
    ...     thread.submit(asyncio.run, computed()).result()
    (3, 1)
    """

    def __init__(self, settings: Settings, modules: Sequence[str] = WARM) -> None:
        self._settings = settings
        self._modules = modules
        self._threads = ThreadPoolExecutor(settings.workers, "worker")
        self._lock = Lock()
        self._all: set[_Worker] = set()
        self._waiting = 0
        self._ended = False

    async def start(self) -> None:
        """Start the processes; return at once, a request waits until one is ready."""
        self._loop = asyncio.get_running_loop()
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        for _ in range(self._settings.workers):
            self._threads.submit(self._renew)

    async def stop(self) -> None:
        """End the processes, and the work that they do."""
        self._ended = True
        with self._lock:
            workers = list(self._all)
        for worker in workers:
            worker.process.kill()  # a thread that waits for it sees its connection end
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)
        for worker in workers:
            worker.end()

    def pids(self) -> list[int]:
        """Return the process ids, for those who watch the server."""
        with self._lock:
            return [worker.process.pid for worker in self._all if worker.process.pid]

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Return what a function returns in a worker.

        Parameters
        ----------
        function : callable
            Of a module, so that another process can import it.
        *args
            Its arguments; they and its result are pickled.

        Raises
        ------
        InputError
            As the function raised it.
        BusyError, LostError, LateError, OutOfMemoryError, FailedError
        """
        if self._idle.empty() and self._waiting >= self._settings.queue:
            raise BusyError
        self._waiting += 1
        try:
            worker = await self._idle.get()
        finally:
            self._waiting -= 1
        # A client that goes away does not free the worker; the thread gives it back.
        kind, value = await self._loop.run_in_executor(
            self._threads, self._answer, worker, function, args
        )
        if kind == VALUE:
            result: T = value
            return result
        raise {
            REFUSED: InputError,
            MEMORY: OutOfMemoryError,
            FAILED: FailedError,
        }[kind](value)

    def _answer(self, worker: _Worker, function: Callable[..., Any], args: Any) -> tuple[str, Any]:
        """Return a worker's answer; give it back, or have another started in its place."""
        usable = False
        try:
            answer = worker.answer(function, args, self._settings.time_out)
            old = worker.answered >= self._settings.requests_per_worker
            usable = answer[0] != MEMORY and not old
            return answer
        finally:
            if usable:
                self._give_back(worker)
            else:
                self._drop(worker)
                if not self._ended:
                    self._threads.submit(self._renew)

    def _renew(self) -> None:
        """Start a worker, again and again until one is ready."""
        while not self._ended:
            worker = _Worker(self._settings.worker_memory, self._modules)
            with self._lock:
                self._all.add(worker)
            if worker.ready():
                return self._give_back(worker)
            self._drop(worker)
            if not self._ended:
                LOG.error("a worker did not start, exit code %s", worker.process.exitcode)
                time.sleep(PAUSE)
        return None

    def _drop(self, worker: _Worker) -> None:
        worker.end()
        with self._lock:
            self._all.discard(worker)

    def _give_back(self, worker: _Worker) -> None:
        if self._ended:
            self._drop(worker)
        else:
            self._loop.call_soon_threadsafe(self._idle.put_nowait, worker)


class _Worker:
    """One process, and the connection to it."""

    def __init__(self, memory: int, modules: Sequence[str]) -> None:
        self.answered = 0
        self._args = memory, modules
        self._start()

    def _start(self) -> None:
        self._connection, other = SPAWN.Pipe()
        self.process = SPAWN.Process(target=serve, args=(other, *self._args), daemon=True)
        self.process.start()
        other.close()  # else the end of the process would not end the connection

    def ready(self) -> bool:
        """Wait until the process has imported what it needs."""
        try:
            return self._connection.poll(START) and self._connection.recv()[0] == READY
        except (EOFError, OSError):
            return False

    def answer(self, function: Callable[..., Any], args: Any, time_out: float) -> tuple[str, Any]:
        self.answered += 1
        if not self._begins(function, args):  # killed while it had nothing to do
            self.end()
            self._start()
            if not (self.ready() and self._begins(function, args)):
                raise LostError
        try:
            if not self._connection.poll(time_out):
                raise LateError
            kind, value = self._connection.recv()
        except (EOFError, OSError):
            raise LostError from None
        return kind, value

    def _begins(self, function: Callable[..., Any], args: Any) -> bool:
        """Send a request; return whether the process has it."""
        try:
            self._connection.send((function, args))
            begun: str = self._connection.recv()
            return begun == BEGUN
        except (EOFError, OSError):
            return False

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self._connection.close()


def serve(connection: Connection[Any, Any], memory: int, modules: Sequence[str]) -> None:
    """Answer the requests of a connection until it closes; the life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the server decides
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # every core has its worker
    _limit(memory)
    for module in modules:
        import_module(module)
    connection.send((READY, None))
    while True:
        try:
            function, args = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(BEGUN)
        connection.send_bytes(_outcome(function, args))


def _limit(memory: int) -> None:
    """Limit the memory of this process, and write none of it to disk where it crashes."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _outcome(function: Callable[..., Any], args: Any) -> bytes:
    """Return the pickled answer to one request."""
    try:
        return pickle.dumps((VALUE, function(*args)))
    except InputError as error:
        return pickle.dumps((REFUSED, error.problems))
    except MemoryError:
        return pickle.dumps((MEMORY, ""))
    except Exception as error:  # its text may hold patient data: only its place is told
        return pickle.dumps((FAILED, place_of(error)))


def place_of(error: Exception) -> str:
    """Return the type of an error and the line that raised it, without its text."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {last.filename}:{last.lineno}"
