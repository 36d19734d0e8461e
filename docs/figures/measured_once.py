"""What one measured cycle changes: the course dose of the kidneys before and after.

Writes docs/figures/measured_once.svg. Needs matplotlib: python docs/figures/measured_once.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np

import dosimetry
from dosimetry.course.region import DOSE
from dosimetry.course.regions import course_doses
from dosimetry.cycle.delivered import delivered_cycles
from dosimetry.cycle.dose import delivered_doses

ROOT = Path(__file__).resolve().parents[2]
ACTIVITY, CYCLES, LIMIT = 7.4, 4, 23.0
DOSES = np.linspace(0, 50, 101)  # Gy


def course_chances(measured: bool) -> np.ndarray:
    """Return P(> dose) of the kidneys at 4 x 7.4 GBq by dose, with or without the measurement."""
    patient = dosimetry.read_patient(ROOT / "examples" / "snmmi_patient4.yaml")
    delivered = delivered_doses(delivered_cycles(patient)) if measured else []
    kidneys = course_doses(patient, delivered).regions["kidneys"]
    course = kidneys.with_activities((ACTIVITY,) * CYCLES)
    return np.array([course.probability(DOSE, dose) for dose in DOSES])


def main() -> None:
    """Draw both distributions and the limit."""
    plt.rcParams.update({"svg.hashsalt": "dosimetry", "font.size": 10, "svg.fonttype": "path"})
    figure, axes = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    for measured, style, name in (
        (False, {"hatch": "//", "facecolor": "none", "edgecolor": "#8a5a00"}, "nothing measured"),
        (
            True,
            {"facecolor": "#1f5f99", "edgecolor": "#1f5f99", "alpha": 0.75},
            "both kidneys, once",
        ),
    ):
        chances = course_chances(measured)
        over = np.interp(LIMIT, DOSES, chances)
        chance = f"= {over:.2f}" if over >= 0.01 else "< 0.01"
        axes.stairs(
            -np.diff(chances) / np.diff(DOSES),
            DOSES,
            fill=True,
            **style,
            label=f"{name}: p(> 23 Gy) {chance}",
        )
    axes.axvline(LIMIT, color="black", lw=1.5)
    axes.annotate(
        "kidneys 23 Gy", (LIMIT, axes.get_ylim()[1]), xytext=(4, -12), textcoords="offset points"
    )
    axes.set(
        xlabel="absorbed dose of the kidneys at 4 x 7.4 GBq [Gy]",
        yticks=[],
        ylabel="probability density",
        xlim=(0, 50),
    )
    axes.legend(frameon=False, loc="center right")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    figure.savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
