"""Cohorts and virtual trials: rates, cost and memory against size, two workers against one.

Part of ``make bench``. Whole commands are run; ``--million`` is the run of 10^4, 10^5 and 10^6
curves alone, which takes its time. Memory is the sum over all processes of each one's peak.
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
from dataclasses import dataclass
from pathlib import Path

import numpy as np

COMMAND = str(Path(sys.executable).with_name("dosimetry"))
REGIONS = (
    *("kidney_left", "kidney_right", "liver", "spleen", "pancreas"),
    *("lungs", "thyroid", "adrenals", "thymus", "brain"),
)
CYCLES = 4
CURVES = len(REGIONS) * CYCLES  # of one patient
SIZES = (2_000, 10_000, 50_000)
MILLION = (10_000, 100_000, 1_000_000)
VIRTUAL = 200_000


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of the processors, and MB of memory of all processes."""

    seconds: float
    processor: float
    memory: float


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


def run(*command: object) -> Cost:
    """Run a command, and look now and then at the memory of it and its children."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    running = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peaks: dict[int, float] = {}
    while running.poll() is None:
        for process in family(running.pid):
            peaks[process] = max(peaks.get(process, 0.0), peak(process))
        time.sleep(0.05)
    seconds = time.perf_counter() - start
    if running.returncode:
        raise SystemExit(f"{command} ended with {running.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, used, sum(peaks.values()))


def family(process: int) -> list[int]:
    """Return a process and those that it started, and so on."""
    found = [process]
    for one in found:
        try:
            for file in Path(f"/proc/{one}/task").glob("*/children"):
                found += [int(child) for child in file.read_text().split()]
        except OSError:
            continue  # it has ended
    return found


def peak(process: int) -> float:
    """Return the largest memory in MB that a process has had."""
    try:
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass  # it has ended
    return 0.0


def cohort(folder: Path, curves: int, workers: int) -> Cost:
    table = folder / f"table{curves}.csv"
    if not table.exists():
        write_table(table, curves // CURVES)
    return run(COMMAND, "cohort", table, "-o", folder / "out.csv", "--workers", workers)


def exponent(counts: tuple[int, ...], values: list[float]) -> float:
    """Return the slope of a straight line through the logarithms."""
    return float(np.polyfit(np.log(counts), np.log(values), 1)[0])


def sizes(folder: Path, curves: tuple[int, ...], workers: int) -> None:
    """Measure cohorts of several sizes, and how cost and memory grow with them."""
    cohort(folder, curves[0], workers)  # files read, code compiled
    start = cohort(folder, CURVES, workers)
    print(f"cohort, {workers} worker(s): curves, seconds, curves/s, processor s, MB of all")
    costs = []
    for count in curves:
        costs.append(cost := cohort(folder, count, workers))
        rate = count / cost.seconds
        print(
            f"{count:9d} {cost.seconds:9.1f} {rate:9.0f} {cost.processor:9.1f} {cost.memory:9.0f}",
            flush=True,
        )
    for name, values in (
        ("cost", [cost.seconds - start.seconds for cost in costs]),
        ("processor time", [cost.processor - start.processor for cost in costs]),
        ("peak memory", [cost.memory for cost in costs]),
    ):
        print(f"exponent of {name} against curves {exponent(curves, values):.3f}")


def compare_workers(folder: Path, curves: int, turns: int) -> None:
    """Run one worker and two in turns."""
    ratios = []
    for _ in range(turns):
        one, two = (cohort(folder, curves, workers).seconds for workers in (1, 2))
        ratios.append(one / two)
    print(f"ratio one/two workers {statistics.median(ratios):.2f} on {os.cpu_count()} cores")


def trials() -> None:
    """Measure virtual trials."""
    small, large = (
        run(COMMAND, "simulate", "--patients", count).seconds for count in (VIRTUAL // 10, VIRTUAL)
    )
    print(f"simulate fixed: {VIRTUAL / large:.0f} patients/s")
    print(f"exponent of cost against virtual patients {math.log10(large / small):.3f}")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "--million" in sys.argv:
            sizes(folder, MILLION, 2)
            return
        sizes(folder, SIZES, 1)
        compare_workers(folder, SIZES[-1], 3)
        trials()


if __name__ == "__main__":
    main()
