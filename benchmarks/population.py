"""Cohorts and virtual trials: rates, cost and memory against size, two workers against one.

Part of ``make bench``. Whole commands are run; ``--million`` adds the largest cohort, a million
curves, which takes its time.
"""

from __future__ import annotations

import csv
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

COMMAND = str(Path(sys.executable).with_name("dosimetry"))
REGIONS = (
    *("kidney_left", "kidney_right", "liver", "spleen", "pancreas"),
    *("lungs", "thyroid", "adrenals", "thymus", "brain"),
)
CYCLES = 4
CURVES = len(REGIONS) * CYCLES  # of one patient
SIZES = (1_000, 5_000, 20_000)
MILLION = 1_000_000
VIRTUAL = 200_000


def write_table(path: Path, patients: int) -> None:
    """Write a cohort of four scans of ten regions in four cycles."""
    random = np.random.default_rng(1)
    header = "patient_id,sex,cycle,administered [MBq],region,time [h],activity [MBq],mass [g]"
    with path.open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream)
        out.writerow(header.split(","))
        for patient in range(patients):
            rates = random.uniform(0.008, 0.016, (CYCLES, len(REGIONS), 1))
            times = np.array([4.0, 24.0, 72.0, 168.0]) * random.uniform(0.9, 1.1, (CYCLES, 1, 4))
            activity = random.uniform(60, 140, rates.shape) * np.exp(-rates * times)
            activity *= np.exp(0.05 * random.standard_normal(activity.shape))
            for cycle in range(CYCLES):
                for i, region in enumerate(REGIONS):
                    for t, a in zip(times[cycle, 0], activity[cycle, i], strict=True):
                        where = (f"P{patient:06d}", "female", cycle + 1, 7400, region)
                        out.writerow((*where, f"{t:.4f}", f"{a:.5g}", 150))


def run(*command: object) -> tuple[float, float]:
    """Return seconds and the peak memory (MB) of a command or of its largest process."""
    start = time.perf_counter()
    running = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"{command} ended with {running.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def cohort(folder: Path, curves: int, workers: int) -> tuple[float, float]:
    table = folder / f"table{curves}.csv"
    if not table.exists():
        write_table(table, curves // CURVES)
    return run(COMMAND, "cohort", table, "-o", folder / "out.csv", "--workers", workers)


def exponent(sizes: list[int], values: list[float]) -> float:
    """Return the slope of a straight line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def main() -> None:
    sizes = [*SIZES, *([MILLION] if "--million" in sys.argv else [])]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cohort(folder, SIZES[0], 1)  # files read, code compiled
        costs = {curves: cohort(folder, curves, 1) for curves in sizes}
        start = run(COMMAND, "--version")[0]
        print("cohort, one worker: curves, seconds, curves/s, peak MB")
        for curves, (seconds, memory) in costs.items():
            print(f"{curves:9d} {seconds:9.1f} {curves / seconds:9.0f} {memory:9.0f}")
        took = [seconds - start for seconds, _ in costs.values()]
        print(f"exponent of cost against curves {exponent(sizes, took):.3f}")
        memory = [megabytes for _, megabytes in costs.values()]
        print(f"exponent of peak memory against curves {exponent(sizes, memory):.3f}")
        pairs = []
        for _ in range(3):
            one, two = (cohort(folder, SIZES[-1], workers)[0] for workers in (1, 2))
            pairs.append(one / two)
        print(f"ratio one/two workers {statistics.median(pairs):.2f} on {os.cpu_count()} cores")
        seconds = run(COMMAND, "simulate", "--patients", VIRTUAL)[0]
        print(f"simulate fixed: {VIRTUAL / seconds:.0f} patients/s")
        small = run(COMMAND, "simulate", "--patients", VIRTUAL // 10)[0]
        slope = math.log(seconds / small) / math.log(10)
        print(f"exponent of cost against virtual patients {slope:.3f}")
        limit = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"largest process {limit:.0f} MB; start of the command {start:.2f} s")


if __name__ == "__main__":
    main()
