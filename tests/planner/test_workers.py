"""Workers: lost, late, too large, replaced; a queue with an end."""

import asyncio
import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from planner_server import running

from dosimetry.planner.settings import Settings
from dosimetry.planner.workers import (
    BusyError,
    FailedError,
    LateError,
    LostError,
    OutOfMemoryError,
    Workers,
)
from dosimetry.problems import InputError
from dosimetry.read_json import read_json

pytestmark = pytest.mark.slow  # processes

LONG = "/api/v1/fit?bootstrap=100000"  # of many curves: minutes
ROWS = [
    {"region": f"tumour_{i}", "time": f"{hours} h", "activity": f"{activity} MBq"}
    for i in range(40)
    for hours, activity in ((1, 50), (4, 42), (24, 35), (48, 26), (96, 17), (168, 8))
]
CURVES = json.dumps({"administered": "7.4 GBq", "curves": ROWS})
SHORT = '{"patient": {"id": "W-1", "sex": "male"}, "therapy": {"regimen": "netter-1"}}'


def together(*requests):
    """Return what requests return that run at the same time, in their order."""
    answers = [None] * len(requests)

    def ask(i):
        answers[i] = requests[i]()

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def with_workers(work, **settings):
    """Return what a coroutine returns that gets running workers."""

    async def run():
        workers = Workers(Settings("secret", **{"workers": 1, **settings}), ())
        await workers.start()
        try:
            return await work(workers)
        finally:
            await workers.stop()

    # Not in this thread: a browser of other tests keeps an event loop running in it.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Yield a planner of one worker, one place in the queue and little time."""
    settings = {"workers": 1, "queue": 1, "time_out": 0.8}
    with running(folder=tmp_path_factory.mktemp("planner"), settings=settings) as planner:
        yield planner


def code_of(answer):
    """Return status and code of a refusal."""
    status, text = answer
    return status, json.loads(text)["problems"][0]["code"]


def test_killed_worker_loses_one_request_and_is_replaced(server):
    assert server.post("/api/v1/check", SHORT)[0] == 200
    before = server.workers()

    def kill():
        time.sleep(0.15)
        os.kill(before[0], signal.SIGKILL)

    lost, _ = together(lambda: server.post(LONG, CURVES), kill)
    assert code_of(lost) == (503, "worker-lost")
    assert server.post("/api/v1/check", SHORT)[0] == 200
    assert server.workers() != before


def test_worker_killed_while_idle_loses_nothing(server):
    os.kill(server.workers()[0], signal.SIGKILL)
    assert server.post("/api/v1/check", SHORT)[0] == 200


def test_late_worker_is_ended_and_a_full_queue_says_so(server):
    asked = {**server.bearer, "Content-Type": "application/json"}
    answers = together(*[lambda: server.ask("POST", LONG, CURVES, asked)] * 3)
    codes = sorted(code_of((status, text)) for status, _, text in answers)
    assert codes == [(422, "took-too-long"), (422, "took-too-long"), (503, "busy")]
    told = next(headers for status, headers, _ in answers if status == 503)
    assert int(told["Retry-After"]) > 0
    assert server.post("/api/v1/check", SHORT)[0] == 200


def test_worker_needs_no_more_memory_than_it_has():
    async def work(workers):
        with pytest.raises(OutOfMemoryError):
            await workers.run(bytearray, 4_000_000_000)
        return await workers.run(len, b"abc")

    assert with_workers(work) == 3


def test_worker_is_replaced_after_its_requests():
    async def work(workers):
        return [await workers.run(os.getpid) for _ in range(4)]

    first, second, third, fourth = with_workers(work, requests_per_worker=2)
    assert first == second != third == fourth


def test_error_of_the_program_tells_its_place_and_no_value():
    async def work(workers):
        with pytest.raises(FailedError, match=r"^ValueError in .*workers\.py:\d+$"):
            await workers.run(int, "patient W-1")
        return await workers.run(len, "abc")

    assert with_workers(work) == 3


def test_refusal_comes_back_with_its_problems():
    async def work(workers):
        with pytest.raises(InputError, match="check commas and quotes") as refused:
            await workers.run(read_json, "{", "p.json")
        return [(problem.code, problem.place) for problem in refused.value.problems]

    assert with_workers(work) == [("not-json", "p.json:1: file")]


def test_requests_of_one_worker_do_not_wait_beyond_the_queue():
    async def work(workers):
        await workers.run(len, "ready")
        first = [asyncio.create_task(workers.run(time.sleep, 0.2)) for _ in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError):
            await workers.run(len, "abc")
        await asyncio.gather(*first)
        return await workers.run(len, "abc")

    assert with_workers(work, queue=1) == 3


def test_client_that_goes_away_leaves_the_worker_usable():
    async def work(workers):
        await workers.run(len, "ready")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(workers.run(time.sleep, 0.3), 0.05)
        return await workers.run(len, "abc")

    assert with_workers(work) == 3


def test_sleeping_worker_is_late_and_a_crashed_one_is_lost():
    async def work(workers):
        await workers.run(len, "ready")
        with pytest.raises(LateError):
            await workers.run(time.sleep, 30)
        with pytest.raises(LostError):
            await workers.run(os._exit, 1)
        return await workers.run(len, "abc")

    assert with_workers(work, time_out=0.4) == 3
