"""Speed as ratios, measured pair by pair in one run: ``make bench``.

Whole commands are run in turn (A B A B ...) and the median of the pairwise ratios is printed, so
that a comparison holds when the machine's speed drifts.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import lmfit
import numpy as np

from dosimetry.physics.decay import LN2
from dosimetry.physics.fitting import fit_points
from dosimetry.reference import half_life

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


def ratio(one: Callable[[], object], other: Callable[[], object], pairs: int = PAIRS) -> str:
    one(), other()
    found = sorted(seconds(one) / seconds(other) for _ in range(pairs))
    return f"{statistics.median(found):6.2f}   ({found[0]:.2f} to {found[-1]:.2f})"


def curves(count: int = 40) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Four-point kidney curves like those of SNMMI patient 4, with 5 % noise."""
    rng = np.random.default_rng(1)
    time_h = np.array([3.7411, 27.7253, 103.0942, 123.9836])
    found = []
    for _ in range(count):
        slow, fast = rng.uniform(0.010, 0.018), rng.uniform(0.4, 1.2)
        activity = rng.uniform(50, 150) * (np.exp(-slow * time_h) - np.exp(-fast * time_h))
        activity *= np.exp(0.05 * rng.standard_normal(4))
        found.append((time_h, activity, 0.1 * activity))
    return found


def fit_ours(data: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> None:
    physical = LN2 / half_life("Lu-177")
    for time_h, activity, sd in data:
        fit_points(time_h, activity, sd, "uptake", physical)


def fit_lmfit(data: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> None:
    physical = LN2 / half_life("Lu-177")
    model = lmfit.Model(
        lambda t, a, slow, fast: a * (np.exp(-slow * t) - np.exp(-fast * t)), independent_vars=["t"]
    )
    for time_h, activity, sd in data:
        parameters = model.make_params(
            a={"value": activity.max() * 1.2, "min": 0},
            slow={"value": 0.01, "min": physical, "max": 20},
            fast={"value": 0.5, "min": physical, "max": 20},
        )
        model.fit(activity, parameters, t=time_h, weights=1 / sd)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        compare(folder)


def compare(folder: str) -> None:
    python = sys.executable
    data = curves()
    print("ratio of times, median of pairs (least to most)")
    rows = [
        (
            "dosimetry --help / import typer",
            run(COMMAND, "--help"),
            run(python, "-c", "import typer"),
        ),
        (
            "dosimetry plan / imports of its libraries",
            run(COMMAND, "plan", "examples/snmmi_patient4.yaml"),
            run(python, "-c", IMPORTS),
        ),
        (
            "plan --report / plan and import matplotlib",
            run(COMMAND, "plan", FOUR_CYCLES, "--quiet", "--report", f"{folder}/plan.html"),
            in_turn(
                run(COMMAND, "plan", FOUR_CYCLES, "--quiet"),
                run(python, "-c", "import matplotlib.figure, matplotlib.backends.backend_svg"),
            ),
        ),
        ("dosimetry.fit / lmfit, warm", lambda: fit_ours(data), lambda: fit_lmfit(data)),
    ]
    for name, one, other in rows:
        print(f"{name:44s} {ratio(one, other)}")


if __name__ == "__main__":
    main()
