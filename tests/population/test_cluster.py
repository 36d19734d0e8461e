"""Cohorts on a real Dask cluster: a scheduler and two worker processes on loopback."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from dosimetry.population.cohort import run_cohort
from dosimetry.problems import InputError

distributed = pytest.importorskip("distributed")
from cohort_tables import synthetic, write  # noqa: E402
from test_cohort import (  # noqa: E402
    PATIENT_FILES,
    assert_examples_equal_their_plans,
    examples_table,
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


pytestmark = pytest.mark.filterwarnings("default")  # those of dask are its own affair


def test_every_example_patient_gets_the_doses_of_its_plan_on_a_cluster(tmp_path, scheduler):
    assert len(worker_ids(scheduler)) == 2
    found = run_cohort(
        examples_table(tmp_path), tmp_path / "out.csv", scheduler=scheduler, together=1
    )
    assert (found.patients, found.rejected) == (len(PATIENT_FILES), 0)
    assert_examples_equal_their_plans(tmp_path / "out.csv")


def test_a_killed_worker_loses_and_doubles_no_row(tmp_path, scheduler):
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


def test_an_address_without_scheduler_is_refused(tmp_path):
    table = write(tmp_path / "table.csv", synthetic(1, cycles=1))
    with pytest.raises(InputError) as caught:
        run_cohort(table, tmp_path / "out.csv", scheduler="tcp://127.0.0.1:1")
    assert caught.value.problems[0].code == "no-scheduler"
