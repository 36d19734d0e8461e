"""The planner under load, over HTTP: ``make bench-planner``.

Latency of a plan, many clients at once with every byte compared, hostile requests, workers that
are killed, and memory over many plans. ``PLANNER_SHARE=0.1`` runs a tenth of each.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from hostile_requests import requests, status_of
from lines import Line
from planner_server import Server, running
from rich.console import Console
from rich.table import Table

import dosimetry

ROOT = Path(__file__).resolve().parent.parent
SHARE = float(os.environ.get("PLANNER_SHARE", "1"))
CLIENTS, PLANS, HOSTILE, MANY, KILLS = 8, 500, 10_000, 20_000, 50
WAIT = 120.0  # s, for a worker to be replaced
EXAMPLES = ("nothing_measured", "snmmi_patient4", "two_cycles")


def count(whole: int) -> int:
    """Return the share of a number that this run measures."""
    return max(1, round(whole * SHARE))


def body(name: str) -> bytes:
    """Return an example as JSON with its measurements inline."""
    patient = dosimetry.read_patient(ROOT / "examples" / f"{name}.yaml")
    return json.dumps(patient.to_dict()).encode()


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def megabytes(server: Server) -> float:
    """Return the resident memory of server and workers."""
    of = [server.process.pid, *server.workers()]
    return sum(psutil.Process(pid).memory_info().rss for pid in of) / 1e6


def latency(server: Server) -> Iterator[Line]:
    for name in EXAMPLES:
        sent = body(name)
        server.post("/api/v1/plan", sent)
        times = [
            1e3 * seconds(lambda sent=sent: server.post("/api/v1/plan", sent))
            for _ in range(count(100))
        ]
        more = f"99 %: {percentile(times, 0.99):.0f} of {len(times)}"
        yield Line(f"plan of {name}: ms", f"{statistics.median(times):.0f}", more)


def clients(server: Server) -> Iterator[Line]:
    """Yield what eight clients at once get, that plan different patients."""
    sent = body("nothing_measured").decode()
    bodies = [sent.replace("NEW-001", f"NEW-{i:03}").encode() for i in range(CLIENTS)]
    expected = [server.post("/api/v1/plan", text)[1] for text in bodies]
    outcomes: Counter[str] = Counter()

    def client(i: int) -> None:
        for _ in range(count(PLANS)):
            status, answer = server.post("/api/v1/plan", bodies[i])
            right = status == 200 and answer == expected[i]
            outcomes["right" if right else "wrong byte" if status == 200 else str(status)] += 1

    spent = seconds(lambda: together(client, CLIENTS))
    total = sum(outcomes.values())
    more = f"{spent:.1f} s, {total / spent:.1f} plans/s"
    asked = f"0 of {CLIENTS * PLANS}"
    name = f"{CLIENTS} clients, {total} plans: errors or wrong bytes"
    yield Line(name, f"{total - outcomes['right']}", more, asked)


def together(work: Callable[[int], None], number: int) -> None:
    threads = [threading.Thread(target=work, args=(i,)) for i in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def hostile(server: Server) -> Iterator[Line]:
    statuses: Counter[int | None] = Counter()

    def send() -> None:
        for request in requests(count(HOSTILE), server, seed=2):
            statuses[status_of(request, server.port)] += 1

    spent = seconds(send)
    other = sum(n for status, n in statuses.items() if not 400 <= (status or 0) < 500)
    listed = ", ".join(f"{status}: {n}" for status, n in sorted(statuses.items(), key=str))
    yield Line(f"{count(HOSTILE)} hostile requests: not 4xx", f"{other}", listed, "0")
    yield Line("hostile requests/s", f"{count(HOSTILE) / spent:.0f}")


def kills(server: Server) -> Iterator[Line]:
    """Yield what is lost where a worker is killed while two clients plan without a pause."""
    sent = body("snmmi_patient4")
    outcomes: Counter[int] = Counter()
    ended = threading.Event()

    def plan(_: int) -> None:
        while not ended.is_set():
            outcomes[server.post("/api/v1/plan", sent)[0]] += 1

    def client(i: int) -> None:
        if i:
            return plan(i)
        try:
            for _ in range(count(KILLS)):
                ended_one = both_ready(server)
                os.kill(ended_one, signal.SIGKILL)
                while ended_one in server.workers():
                    time.sleep(0.05)
            both_ready(server)
        finally:
            ended.set()
        return None

    together(client, 3)
    lost, more = outcomes[503], f"of {sum(outcomes.values())} requests"
    other = sum(outcomes.values()) - lost - outcomes[200]
    name = f"{count(KILLS)} workers killed: requests lost"
    yield Line(name, f"{lost}", more, f"at most {count(KILLS)}")
    yield Line("answers other than 200 and 503", f"{other}", "", "0")


def both_ready(server: Server) -> int:
    """Wait until two workers have had time to plan; return the process id of one."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        ready = [pid for pid in server.workers() if used(pid) > 2.0]
        if len(ready) == 2:
            return ready[0]
        time.sleep(0.2)
    raise TimeoutError("a worker was not replaced")


def used(pid: int) -> float:
    """Return the processor time of a process, in s; 0 where it has ended."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def memory(server: Server) -> Iterator[Line]:
    """Yield memory over many plans, each of another patient."""
    sent = body("nothing_measured").decode()
    total, measured = count(MANY), list[float]()
    done = iter(range(total))
    lock = threading.Lock()

    def client(_: int) -> None:
        while True:
            with lock:
                i = next(done, None)
            if i is None:
                return
            assert server.post("/api/v1/plan", sent.replace("NEW-001", f"M-{i}"))[0] == 200
            if i % max(1, total // 50) == 0:
                measured.append(megabytes(server))

    spent = seconds(lambda: together(client, 2))
    half = len(measured) // 2
    first, second = max(measured[5:half]), max(measured[half:])
    more = f"highest of the first half {first:.0f}, of the second {second:.0f}; {spent:.0f} s"
    yield Line(f"{total} plans: memory of server and workers, MB", f"{measured[-1]:.0f}", more)
    yield Line("second half / first half", f"{second / first:.3f}", "", "at most 1.05")


PARTS = (latency, clients, hostile, kills, memory)


def main() -> None:
    """Measure, and print the table."""
    python, cores = sys.version.split()[0], os.cpu_count()
    title = f"planner, dosimetry {dosimetry.__version__}, Python {python}, {cores} cores"
    table = Table("measured", "value", "more", "asked for", title=f"{title}, share {SHARE:g}")
    wanted = sys.argv[1:] or [part.__name__ for part in PARTS]
    with tempfile.TemporaryDirectory() as folder:
        with running(folder=Path(folder), settings={"workers": 2}) as server:
            for part in PARTS:
                if part.__name__ not in wanted:
                    continue
                for line in part(server):
                    print(*line, sep="  ", file=sys.stderr, flush=True)
                    table.add_row(*line)
            table.add_row("exit code", f"{server.end()}", "", "0")
        log = (Path(folder) / "log").read_text(encoding="utf-8")
    table.add_row("lines in the log", f"{len(log.splitlines())}", log[:200])
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
