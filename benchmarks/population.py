"""Cohorts and virtual trials: rates, cost and memory against size, two workers against one.

Whole commands are run. Memory is the sum over all processes of each one's peak.
"""

from __future__ import annotations

import csv
import operator
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lines import Line

COMMAND = str(Path(sys.executable).with_name("dosimetry"))
REGIONS = (
    *("kidney_left", "kidney_right", "liver", "spleen", "pancreas"),
    *("lungs", "thyroid", "adrenals", "thymus", "brain"),
)
CYCLES = 4
CURVES = len(REGIONS) * CYCLES  # of one patient
SIZES = (1_000, 10_000, 100_000, 1_000_000)
SCALING, PAIRS = 200_000, 4
VIRTUAL = 4_000_000


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of the processors, and MB of memory of all processes."""

    seconds: float
    processor: float
    memory: float


CLOCK = operator.attrgetter("seconds")


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


def exponent(counts: Sequence[int], values: Sequence[float]) -> float:
    """Return the slope of a straight line through the logarithms."""
    return float(np.polyfit(np.log(counts), np.log(values), 1)[0])


def sizes(folder: Path) -> Iterator[Line]:
    """Measure cohorts of several sizes on two workers, and how cost and memory grow with them."""
    cohort(folder, SIZES[1], 2)  # files read, code compiled
    start = min((cohort(folder, CURVES, 2) for _ in range(3)), key=CLOCK)
    costs = [cohort(folder, count, 2) for count in SIZES]
    for count, cost in zip(SIZES, costs, strict=True):
        rows = 4 * count / cost.seconds  # a row is a scan, and a curve has four
        words = f"{cost.seconds:.1f} s, {cost.processor:.1f} s of processors, {rows:.0f} rows/s"
        asked = "2000" if count == SIZES[-1] else ""
        yield Line(f"cohort, {count} curves, two workers: MB", f"{cost.memory:.0f}", words, asked)
    for name, part in (("1e4 to 1e6", slice(1, None)), ("1e5 to 1e6", slice(2, None))):
        for kind, values, asked in (
            ("seconds", [cost.seconds - start.seconds for cost in costs], "1.05"),
            ("processor time", [cost.processor - start.processor for cost in costs], "1.05"),
            ("memory", [cost.memory for cost in costs], ""),
        ):
            found = exponent(SIZES[part], values[part])
            yield Line(f"exponent of {kind} against curves, {name}", f"{found:.3f}", "", asked)


def two_workers(folder: Path) -> Iterator[Line]:
    """Run one worker and two in turns."""
    ratios = []
    for _ in range(PAIRS):
        one, two = (cohort(folder, SCALING, workers).seconds for workers in (1, 2))
        ratios.append(one / two)
    name = f"one worker / two, cohort of {SCALING} curves, with the start"
    yield Line.of(name, ratios, "at least 1.7")


def trials() -> Iterator[Line]:
    """Measure virtual trials."""
    counts = (VIRTUAL // 4, VIRTUAL // 2, VIRTUAL)
    start = min((run(COMMAND, "simulate", "--patients", 10) for _ in range(3)), key=CLOCK)
    costs = [run(COMMAND, "simulate", "--patients", count) for count in counts]
    rate = VIRTUAL / (costs[-1].seconds - start.seconds)
    yield Line("virtual patients/s", f"{rate:.0f}", f"{costs[-1].memory:.0f} MB for {VIRTUAL}")
    found = exponent(counts, [cost.seconds - start.seconds for cost in costs])
    yield Line("exponent of seconds against virtual patients", f"{found:.3f}")


def lines() -> Iterator[Line]:
    """Measure everything of many patients."""
    with tempfile.TemporaryDirectory() as name:
        yield from sizes(Path(name))
        yield from two_workers(Path(name))
    yield from trials()
