"""Cohort tables for the tests: synthetic patients, and the examples in long form."""

import csv
from pathlib import Path

import numpy as np

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
HEADER = [
    *("patient_id", "sex", "cycle", "administered [MBq]", "region", "time [h]", "activity [MBq]"),
    *("sd [MBq]", "mass [g]", "model"),
]
REGIONS = {"kidney_left": 150.0, "kidney_right": 160.0, "liver": 1700.0, "spleen": 180.0}


def synthetic(patients, cycles=2, seed=1, regions=tuple(REGIONS)):
    """Return rows of patients who were scanned four times in each cycle."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(patients):
        for cycle in range(1, cycles + 1):
            for region in regions:
                time = np.array([4.0, 24.0, 72.0, 168.0]) * random.uniform(0.9, 1.1, 4)
                rate = random.uniform(0.008, 0.016)
                activity = random.uniform(60, 140) * np.exp(-rate * time)
                activity *= np.exp(0.05 * random.standard_normal(4))
                for t, a in zip(time, activity, strict=True):
                    where = (f"P{number:05d}", "female", cycle, 7400.0, region)
                    rows.append([*where, float(t), float(a), "", REGIONS[region], ""])
    return rows


def write(path, rows, header=HEADER):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def read(path):
    with Path(path).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def snmmi():
    """Return the SNMMI example in long form."""
    masses = {"kidney_left": 233.608, "kidney_right": 250.995}
    with (EXAMPLES / "snmmi_patient4.csv").open(encoding="utf-8") as stream:
        return [
            [
                *("SNMMI-4", "male", 1, 7210.42, row["region"], row["time [h]"]),
                *(row["activity [MBq]"], "", masses[row["region"]], "uptake"),
            ]
            for row in csv.DictReader(stream)
        ]
