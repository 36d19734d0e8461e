"""Cohorts on a real Dask cluster: a scheduler and two worker processes on loopback."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dosimetry.population.cohort.run import TOGETHER, run_cohort
from dosimetry.problems import InputError

distributed = pytest.importorskip("distributed")
from cohort_tables import synthetic, write  # noqa: E402
from test_cohort import (  # noqa: E402
    PATIENT_FILES,
    assert_examples_equal_their_plans,
    command,
    examples_table,
    interruptible,
    wait_for_parts,
)

SCHEDULER = """
import sys, time
from distributed import LocalCluster
if __name__ == "__main__":
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        host="127.0.0.1",
    )
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
    cluster.close()
"""


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    script = folder / "cluster.py"
    script.write_text(SCHEDULER)
    running = subprocess.Popen(
        [sys.executable, script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=folder,
    )
    yield running.stdout.readline().strip()
    running.stdin.close()
    running.stdout.close()
    running.wait(60)


def worker_ids(address):
    with distributed.Client(address, set_as_default=False) as client:
        return sorted(client.run(os.getpid).values())


pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # those of dask are its own affair
]


def test_doses_on_a_cluster_equal_the_doses_of_the_plan(tmp_path, scheduler):
    assert len(worker_ids(scheduler)) == 2
    found = run_cohort(
        examples_table(tmp_path), tmp_path / "out.csv", scheduler=scheduler, together=1
    )
    assert (found.patients, found.rejected) == (len(PATIENT_FILES), 0)
    assert_examples_equal_their_plans(tmp_path / "out.csv")


def test_killed_worker_neither_loses_nor_doubles_rows(tmp_path, scheduler):
    table = write(tmp_path / "table.csv", synthetic(60, cycles=1))
    run_cohort(table, tmp_path / "whole.csv", together=3)
    before = worker_ids(scheduler)

    def kill_one():
        wait_for_parts(tmp_path / ".out.csv.parts", 2)
        os.kill(before[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    run_cohort(table, tmp_path / "out.csv", scheduler=scheduler, together=3)
    killer.join()
    for name in ("{}.csv", "{}.limits.csv", "{}.csv.rejected.csv"):
        one, two = (tmp_path / name.format(which) for which in ("whole", "out"))
        assert one.read_bytes() == two.read_bytes()
    deadline = time.monotonic() + 30
    while before[0] in worker_ids(scheduler) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert before[0] not in worker_ids(scheduler)


def started_by(process):
    """Return the processes that a process started, and so on."""
    found = [process]
    for one in found:
        for file in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in file.read_text().split()]
    return found[1:]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """Return a folder with a table of ten parts and the results of a run to its end."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    write(folder / "table.csv", synthetic(10 * TOGETHER, cycles=1, regions=("spleen",)))
    run_cohort(folder / "table.csv", folder / "whole.csv")
    return folder


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs the processes of Linux")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_local_cluster_stops_with_its_command_and_run_resumes(tmp_path, uninterrupted, sign):
    table = uninterrupted / "table.csv"
    output = tmp_path / "out.csv"
    program = command(table, "-o", output, "--workers", 2)
    running = subprocess.Popen(interruptible(program), stderr=subprocess.DEVNULL)
    wait_for_parts(tmp_path / ".out.csv.parts", 1)
    workers = started_by(running.pid)
    assert len(workers) >= 2
    running.send_signal(sign)
    assert running.wait(60) == (130 if sign == signal.SIGINT else -signal.SIGKILL)
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{one}").exists() for one in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [one for one in workers if Path(f"/proc/{one}").exists()]
    assert not output.exists()
    again = subprocess.run([*program, "--resume"], capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    for name in ("{}.csv", "{}.limits.csv"):
        one, two = uninterrupted / name.format("whole"), tmp_path / name.format("out")
        assert one.read_bytes() == two.read_bytes()


def test_several_workers_without_the_extra_are_refused(tmp_path):
    table = write(tmp_path / "table.csv", synthetic(1, cycles=1))
    without = (
        "import sys; sys.modules['distributed'] = None\n"
        "from dosimetry.cli.program import main; main()"
    )
    program = [sys.executable, "-c", without, "cohort", table, "-o", tmp_path / "out.csv"]
    refused = subprocess.run(
        [*program, "--workers", "2"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "dosimetry[cluster]" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    fine = subprocess.run(program, capture_output=True, text=True, check=False)
    assert fine.returncode == 0, fine.stderr


def test_an_address_without_scheduler_is_refused(tmp_path):
    table = write(tmp_path / "table.csv", synthetic(1, cycles=1))
    with pytest.raises(InputError) as caught:
        run_cohort(table, tmp_path / "out.csv", scheduler="tcp://127.0.0.1:1")
    assert caught.value.problems[0].code == "no-scheduler"
