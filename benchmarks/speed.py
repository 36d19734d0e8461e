"""The start of the command, plans, a report and one fit, as ratios measured pair by pair.

Whole commands are run in turn (A B A B ...), so that a comparison holds when the machine's speed
drifts.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from batch import PHYSICAL, TIME, by_lmfit, curves
from lines import Line

import dosimetry
from dosimetry.physics.fitting import fit_points

ROOT = Path(__file__).resolve().parent.parent
COMMAND = str(Path(sys.executable).with_name("dosimetry"))
IMPORTS = "import numpy, scipy.optimize, scipy.stats, pint, pydantic, typer, yaml"
FOUR_CYCLES = "benchmarks/four_cycles.yaml"  # four cycles with eight regions each
PAIRS = 9


def run(*command: str) -> Callable[[], object]:
    return lambda: subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def in_turn(*actions: Callable[[], object]) -> Callable[[], object]:
    return lambda: [action() for action in actions]


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def ratios(one: Callable[[], object], other: Callable[[], object]) -> list[float]:
    one(), other()
    return [seconds(one) / seconds(other) for _ in range(PAIRS)]


def plan(name: str) -> Callable[[], object]:
    return lambda: dosimetry.plan(dosimetry.read_patient(ROOT / "examples" / name))


def fit_ours(activity: np.ndarray) -> None:
    for row in activity:
        fit_points(TIME, row, 0.1 * row, "uptake", PHYSICAL)


def fit_lmfit(activity: np.ndarray) -> None:
    for row in activity:
        by_lmfit(row)


def lines() -> Iterator[Line]:
    """Measure the start of the command, plans, a report and a single fit."""
    python, data = sys.executable, curves(40)
    with tempfile.TemporaryDirectory() as folder:
        for name, one, other, asked in (
            (
                "dosimetry --help / import typer",
                run(COMMAND, "--help"),
                run(python, "-c", "import typer"),
                "at most 2.5",
            ),
            (
                "dosimetry plan / imports of its libraries",
                run(COMMAND, "plan", "examples/snmmi_patient4.yaml"),
                run(python, "-c", IMPORTS),
                "at most 1.5",
            ),
            (
                "plan --report / plan and import matplotlib",
                run(COMMAND, "plan", FOUR_CYCLES, "--quiet", "--report", f"{folder}/plan.html"),
                in_turn(
                    run(COMMAND, "plan", FOUR_CYCLES, "--quiet"),
                    run(python, "-c", "import matplotlib.figure, matplotlib.backends.backend_svg"),
                ),
                "at most 2",
            ),
            (
                "plan through points / plan of fits, warm process",
                plan("psma_patient1.yaml"),
                plan("two_cycles.yaml"),
                "at most 1.5",
            ),
            (
                "one fit / lmfit, warm process",
                lambda: fit_ours(data),
                lambda: fit_lmfit(data),
                "below 1",
            ),
        ):
            yield Line.of(name, ratios(one, other), asked)
