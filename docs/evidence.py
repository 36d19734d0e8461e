"""Write ``docs/evidence.md``: what this library computes beside what others computed or printed.

Run it by ``make evidence``. Figures of others are typed in here with their source, or computed by
their own code (scipy, lmfit, radioactivedecay); figures of OpenDose are in ``reference_tables``.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import dosimetry
from dosimetry.physics import absorbed_dose, decay, radiobiology
from dosimetry.physics.fitting import fit_points
from dosimetry.physics.kinetics import Exponentials
from dosimetry.reference import nuclides, phantoms, tables

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "evidence.md"
HALF_LIFE = 159.528  # h, 177Lu, ICRP 107
LAMBDA = math.log(2) / HALF_LIFE
TWICE = "computed twice, apart from any code of this project"
CHALLENGE = "SNMMI 177Lu Dosimetry Challenge, patient 4, DOI 10.7302/864r-tb45"
PSMA = "luisadias02/masters-thesis: three-exponential fit with points added at 0 h and late times"
LABEL = "Lutathera US prescribing information, NETTER-1 dosimetry substudy (N = 20), 29.6 GBq"
OPENDOSE = "OpenDose (Chauvin 2020), ICRP 110 voxel phantom"
CROSS = 0.30  # relative difference from which a pair of cross-dose is listed
TARGETS = {  # ours (ICRP 89): OpenDose's
    "adrenals": "RAdrenal + LAdrenal",
    "brain": "Brain",
    "breasts": "Breast-a + Breast-g",
    "esophagus": "Oesophagus",
    "gallbladder_wall": "Gall bladder wall",
    "heart_wall": "Heart wall",
    "kidneys": "RKidney + LKidney",
    "left_colon_wall": "Left colon wall (left transverse + descending)",
    "liver": "Liver",
    "lungs": "RLung + LLung",
    "ovaries": "ROvary + LOvary",
    "pancreas": "Pancreas",
    "prostate": "Prostate",
    "rectum": "Sigmoid colon wall + rectum wall",
    "right_colon_wall": "Right colon wall (ascending + right transverse)",
    "salivary_glands": "Salivary glands",
    "small_intestine_wall": "Small intestine wall",
    "spleen": "Spleen",
    "stomach_wall": "Stomach wall",
    "testes": "Testes",
    "thymus": "Thymus",
    "thyroid": "Thyroid",
    "urinary_bladder_wall": "Urinary bladder wall",
    "uterus": "Uterus",
}


@dataclass(frozen=True)
class Row:
    """One figure: what it is, as computed here, as others have it, and who they are."""

    what: str
    unit: str
    ours: float
    theirs: float
    source: str

    @property
    def difference(self) -> float:
        """Relative difference."""
        return self.ours / self.theirs - 1.0

    def is_self(self) -> bool:
        """Return whether a pair is a region's dose from itself: ``liver from liver, male``."""
        target, _, source = self.what.split(",")[0].partition(" from ")
        return target == source

    def __str__(self) -> str:
        off = 100.0 * self.difference
        near = (
            "< 0.001 %" if abs(off) < 1e-3 else f"{off:+.2g} %" if abs(off) < 1 else f"{off:+.1f} %"
        )
        cells = (self.what, self.unit, f"{self.ours:.6g}", f"{self.theirs:g}", near, self.source)
        return f"| {' | '.join(cells)} |"


def scans(name: str) -> dict[str, tuple[list[float], list[float]]]:
    """Return times in h and activities in MBq of an example, by region."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    with (ROOT / "examples" / name).open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            times, values = found.setdefault(row["region"], ([], []))
            times.append(float(row["time [h]"]))
            values.append(float(row["activity [MBq]"]))
    return found


def curve(example: str, region: str, model: str, sd: float | None = None) -> Any:
    """Fit one region of an example; without ``sd`` (MBq) by 10 % of the curve."""
    return fit_points(*scans(example)[region], sd, model, LAMBDA)


def curve_by_values(example: str, region: str, model: str) -> Any:
    """Fit one region of an example by 10 % of each measured value."""
    time, activity = scans(example)[region]
    return fit_points(time, activity, 0.1 * np.asarray(activity), model, LAMBDA)


def known_answers() -> Iterator[Row]:
    """Decay, biology, S values and the plan of a patient of whom nothing is measured."""

    def row(what: str, unit: str, ours: float, theirs: float) -> Row:
        return Row(what, unit, ours, theirs, TWICE)

    yield row("decay constant of 177Lu", "1/h", decay.constant.kernel(HALF_LIFE), 0.00434499)
    yield row("decays of 1 MBq", "MBq h", decay.time_integral.kernel(1.0, HALF_LIFE), 230.150)
    beside = decay.daughter_activity.kernel(
        1.48, 7400.0, 720.0, nuclides.half_life("Lu-177m"), HALF_LIFE, 0.217
    )
    yield row("177Lu of 7.4 GBq with 1.48 MBq 177mLu, after 30 d", "MBq", beside, 324.312)
    left = decay.decay.kernel(1.48, 720.0, nuclides.half_life("Lu-177m"))
    yield row("177mLu of it", "MBq", left, 1.30005)
    fast = math.log(2) / 12
    slow = math.log(2) / 60
    uptake = LAMBDA + math.log(2) / 75
    for name, shape, g, bed in (
        ("mono, 50 h", ([1.0], [math.log(2) / 50]), 0.0530303, 5.509907),
        ("uptake, 75 h biological, 0.6 /h", ([1.0, -1.0], [uptake, 0.6]), 0.0516930, 5.497048),
        ("bi, 60 h and 12 h", ([0.04, 0.06], [slow, fast]), 0.0608432, 5.585030),
    ):
        found = radiobiology.lea_catcheside(Exponentials(*map(np.array, shape)), 2.8)
        yield row(f"G, {name}", "1", found, g)
        yield row(f"BED of 5 Gy, {name}", "Gy", radiobiology.bed.kernel(5.0, found, 2.6), bed)
    s_self = phantoms.s_values("male")["kidneys", "kidneys"]
    constant = absorbed_dose.electron_dose_constant(nuclides.electron_energy("Lu-177"))
    electron, photon = absorbed_dose.split_self(s_self, 310.0, constant)
    yield row("S(kidneys), electrons, male", "mGy/(MBq s)", electron / 3.6, 7.64513e-5)
    yield row("S(kidneys), photons, male", "mGy/(MBq s)", photon / 3.6, 1.14871e-6)
    scaled = absorbed_dose.self_s_value.kernel(s_self, 310.0, 253.0, constant) / 3.6
    yield row("S(kidneys) at 253 g, male", "mGy/(MBq s)", scaled, 9.49908e-5)
    for region, limit, mean, sd, low, high, p in (
        ("kidneys", "kidneys-ad-23", 19.358, 8.295, 9.06, 34.95, 0.2660),
        ("red_marrow", "red-marrow-ad-2", 1.0360, 0.790, 0.270, 2.509, 0.0951),
    ):
        dose, flag = course(region), flags()[limit]
        yield row(f"{region}, nothing measured: mean", "Gy", dose["value"], mean)
        yield row(f"{region}: sd", "Gy", dose["sd"], sd)
        yield row(f"{region}: 5th percentile", "Gy", dose["p5"], low)
        yield row(f"{region}: 95th percentile", "Gy", dose["p95"], high)
        yield row(f"{region}: probability of {limit}", "1", flag, p)


def nothing_measured() -> dict[str, Any]:
    """Return the plan of a patient of whom nothing is measured, as a document."""
    import json

    patient = dosimetry.read_patient(ROOT / "examples" / "nothing_measured.yaml")
    found: dict[str, Any] = json.loads(dosimetry.plan(patient).to_json())
    return found


def course(region: str) -> dict[str, float]:
    """Return absorbed dose of the course of a region."""
    (found,) = (r for r in nothing_measured()["cumulative"] if r["region"] == region)
    dose: dict[str, float] = found["absorbed_dose"]
    return dose


def flags() -> dict[str, float]:
    """Return the probability of each limit."""
    return {flag["limit"]: flag["probability"] for flag in nothing_measured()["flags"]}


def snmmi() -> Iterator[Row]:
    """SNMMI patient 4: time-integrated activity and dose of both kidneys."""
    published = {"kidney_left": (7593.75, 0.014081), "kidney_right": (6797.11, 0.014525)}
    for region, (tia, rate) in published.items():
        found = curve("snmmi_patient4.csv", region, "uptake", 1.0)  # equal weights
        yield Row(f"{region}: TIA", "MBq h", found.tia.value, tia, CHALLENGE)
        yield Row(f"{region}: rate", "1/h", found.parameters["lambda1"].value, rate, CHALLENGE)
    patient = dosimetry.read_patient(ROOT / "examples" / "snmmi_patient4.yaml")
    plan = dosimetry.plan(patient, estimator="least-squares")
    for region, dose in (("kidney_left", 0.3802), ("kidney_right", 0.3174)):
        (found,) = (r for r in plan.cycles[0].regions if r.region == region)
        (fitted,) = (c for c in plan.curves if c.region == region)
        best = found.coefficient.value * fitted.optimum.value / fitted.tia.value
        source = f"{CHALLENGE}: voxel-based, unit density"
        yield Row(f"{region}: dose of the best fit", "Gy/GBq", best, dose, source)


def psma() -> Iterator[Row]:
    """PSMA patient 1: by 10 % sd against known answers, and against the published fit."""
    for fit, of, tia, half_life in (
        (curve, "curve", 7435.481, 58.48),
        (curve_by_values, "measured values", 7426.19, 58.6),
    ):
        right = fit("psma_patient1.csv", "kidney_right", "mono")
        what = f"kidney_right, mono, 10 % of the {of}"
        yield Row(f"{what}: TIA", "MBq h", right.tia.value, tia, TWICE)
        yield Row(f"{what}: T eff", "h", right.effective_half_life.value, half_life, TWICE)
    tumour = curve_by_values("psma_patient1.csv", "tumour_2", "mono")
    yield Row("tumour_2, mono on the bound: TIA", "MBq h", tumour.tia.value, 245.17, TWICE)
    yield Row("tumour_2: chi-square", "1", tumour.chi2, 70.2, TWICE)
    for region, tia in (
        ("kidney_right", 7423.10),
        ("kidney_left", 6276.29),
        ("liver", 4178.67),
        ("spleen", 387.84),
        ("tumour_1", 976.07),
        ("tumour_2", 433.92),
    ):
        found = curve("psma_patient1.csv", region, "auto")
        yield Row(f"{region}, {found.model}: TIA", "MBq h", found.tia.value, tia, PSMA)


def since_the_posterior() -> Iterator[Row]:
    """Doses of the examples, against those of the estimator before, 2026-11-26."""
    with (ROOT / "docs" / "evidence_before.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            plan = dosimetry.plan(ROOT / "examples" / f"{row['example']}.yaml")
            regions = plan.cycles[int(row["cycle"]) - 1].regions
            (found,) = (r for r in regions if r.region == row["region"])
            what = f"{row['example']}, cycle {row['cycle']}, {row['region']}"
            dose, before = found.absorbed_dose, float(row["dose [Gy]"])
            spread = f"sd {dose.sd:.3g}, before {float(row['sd [Gy]']):.3g} Gy; {row['why']}"
            yield Row(what, "Gy", dose.value, before, spread)


def s_value_pairs(sex: str) -> list[Row]:
    """Return S values that both phantoms have, for kidneys, liver and spleen as sources."""
    table = tables.table(f"s_values_lu177_opendose_icrp110_adult_{sex}")
    theirs = {(row["target"], row["source"]): float(row["s_value"]) for row in table.rows}
    ours = phantoms.s_values(sex)
    found = []
    for target, name in TARGETS.items():
        for source in ("kidneys", "liver", "spleen"):
            both = ("kidney left", "kidney right") if source == "kidneys" else (source,)
            if (target, source) in ours and (name, both[0]) in theirs:
                value = float(np.mean([theirs[name, one] for one in both]))
                what = f"{target} from {source}, {sex}"
                found.append(Row(what, "mGy/(MBq s)", ours[target, source] / 3.6, value, OPENDOSE))
    return found


def self_dose() -> Iterator[Row]:
    """Self-dose of the phantoms."""
    for sex in ("male", "female"):
        for row in s_value_pairs(sex):
            if row.is_self():
                yield row


def cross_dose() -> Iterator[Row]:
    """Pairs of cross-dose that differ by more than 30 %, the largest first."""
    for sex in ("male", "female"):
        pairs = [row for row in s_value_pairs(sex) if not row.is_self()]
        apart = [row for row in pairs if abs(row.difference) > CROSS]
        yield from sorted(apart, key=lambda row: -abs(math.log(row.ours / row.theirs)))


def label_figures() -> Iterator[Row]:
    """Course of four cycles of 7.4 GBq, nothing measured, against the label's patients."""
    for region, mean, sd in (
        ("kidneys", 19.4, 8.7),
        ("red_marrow", 1.0, 0.8),
        ("liver", 8.9, 6.7),
        ("spleen", 25.1, 23.8),
        ("urinary_bladder_wall", 12.8, 5.3),
    ):
        found = course(region)
        yield Row(f"{region}: mean", "Gy", found["value"], mean, LABEL)
        yield Row(f"{region}: sd", "Gy", found["sd"], sd, LABEL)


def decay_codes() -> Iterator[Row]:
    """Decay by radioactivedecay, with its own ICRP 107 data."""
    import radioactivedecay

    name = f"radioactivedecay {radioactivedecay.__version__}, ICRP 107"
    for days in (1.0, 30.0, 365.0):
        mixed = radioactivedecay.Inventory({"Lu-177m": 1.48, "Lu-177": 7400.0}, "MBq")
        theirs = mixed.decay(days, "d").activities("MBq")
        ours = decay.daughter_activity.kernel(
            1.48,
            7400.0,
            24 * days,
            nuclides.half_life("Lu-177m"),
            HALF_LIFE,
            nuclides.branching_fraction("Lu-177m", "Lu-177"),
        )
        yield Row(f"177Lu beside 177mLu after {days:g} d", "MBq", ours, theirs["Lu-177"], name)
    for row in tables.table("nuclides").rows:
        theirs = radioactivedecay.Nuclide(row["nuclide"]).half_life("h")
        ours = nuclides.half_life(row["nuclide"])
        yield Row(f"half-life of {row['nuclide']}", "h", ours, theirs, name)


def _uptake(time: Any, a: float, slow: float, fast: float) -> Any:
    return a * (np.exp(-slow * time) - np.exp(-fast * time))


def _mono(time: Any, a: float, rate: float) -> Any:
    return a * np.exp(-rate * time)


def fit_codes() -> Iterator[Row]:
    """Fits by scipy's curve_fit and by lmfit: TIA by the same formula from their parameters."""
    import lmfit
    import scipy
    from scipy.optimize import curve_fit

    example = "snmmi_patient4.csv"
    for region, (times, values) in scans(example).items():
        time, activity = np.array(times), np.array(values)
        for model, formula, start in (
            ("uptake", _uptake, (100.0, 0.014, 0.8)),
            ("mono", _mono, (100.0, 0.014)),
        ):
            ours = curve_by_values(example, region, model)
            best, covariance = curve_fit(
                formula, time, activity, start, 0.1 * activity, True, xtol=1e-14, ftol=1e-14
            )
            what = f"{region}, {model}, 10 %"
            name = f"scipy {scipy.__version__}, curve_fit"
            yield Row(f"{what}: TIA", "MBq h", ours.tia.value, _tia(best), name)
            spread = _tia_sd(best, covariance)
            yield Row(f"{what}: sd of the posterior, linear", "MBq h", ours.tia.sd, spread, name)
            fitted = lmfit.Model(formula).fit(
                activity, time=time, weights=10 / activity, scale_covar=False,
                **dict(zip(("a", *_RATES[model]), start, strict=True)),
                fit_kws={"xtol": 1e-14, "ftol": 1e-14},
            )  # fmt: skip
            best = np.array(list(fitted.best_values.values()))
            name = f"lmfit {lmfit.__version__}"
            yield Row(f"{what}: TIA", "MBq h", ours.tia.value, _tia(best), name)


_RATES = {"uptake": ("slow", "fast"), "mono": ("rate",)}


def _tia(best: Any) -> float:
    a, *rates = (float(value) for value in best)
    return a / rates[0] - (a / rates[1] if len(rates) > 1 else 0.0)


def _tia_sd(best: Any, covariance: Any) -> float:
    a, *rates = (float(value) for value in best)
    signs = (-1.0, 1.0)
    gradient = np.array(
        [_tia(best) / a, *(s * a / r**2 for s, r in zip(signs, rates, strict=False))]
    )
    return math.sqrt(gradient @ covariance @ gradient)


@dataclass(frozen=True)
class Part:
    """A section of the page."""

    title: str
    words: str
    rows: Callable[[], Iterator[Row]]
    extra: bool = False


PARTS = (
    Part("Known answers", "Probabilities are right to 0.002 (`make accuracy`).", known_answers),
    Part(
        "SNMMI patient 4",
        "Real kidneys, four scans. Dose: ours by S values and the first scan's mass, theirs by a\n"
        "voxel kernel that loses photon energy at the edge of its field.",
        snmmi,
    ),
    Part(
        "PSMA patient 1",
        "Real organs, three scans. The published fit has five free parameters for three points\n"
        "and is not unique: more than about 20 % cannot be asked of it.",
        psma,
    ),
    Part(
        "Self-dose: ICRP 89 against OpenDose",
        "Stylised phantoms (OLINDA 2.2) against voxel phantoms; kidneys: mean of left and right.",
        self_dose,
    ),
    Part(
        "The label's population",
        "Four cycles of 7.4 GBq of a patient of whom nothing is measured. The label's figures are\n"
        "those of one cycle, times four; here the cycles of a patient also vary among themselves,\n"
        "which averages out in part, so that the sd is less.",
        label_figures,
    ),
    Part(
        "What the posterior changed",
        "Doses of the examples now and by the estimator of 2026-11-26: least squares, one model a\n"
        "curve, no systematic uncertainty where none was given.",
        since_the_posterior,
    ),
    Part("Decay", "Another code, its own copy of ICRP 107.", decay_codes, extra=True),
    Part(
        "Fits",
        "The same points, the same weights, other optimisers. TIA from their parameters.",
        fit_codes,
        extra=True,
    ),
    Part(
        "Cross-dose that differs by more than 30 %",
        "The phantoms' anatomy differs. These are small doses: 1e-7 mGy/(MBq s) is about a\n"
        "thousandth of the self-dose of a kidney.",
        cross_dose,
    ),
)
HEAD = (
    "| what | unit | ours | theirs | difference | source |\n| --- | --- | --- | --- | --- | --- |"
)


def section(part: Part) -> str:
    """Return a section of the page."""
    rows = "\n".join(map(str, part.rows()))
    return f"## {part.title}\n\n{part.words}\n\n{HEAD}\n{rows}\n"


def summary() -> str:
    """Return how often the phantoms' cross-dose differs."""
    parts = []
    for sex in ("male", "female"):
        rows = [row for row in s_value_pairs(sex) if not row.is_self()]
        apart = sum(abs(row.difference) > CROSS for row in rows)
        parts.append(f"{apart} of {len(rows)} ({sex})")
    return f"Pairs of cross-dose that differ by more than 30 %: {', '.join(parts)}."


def page(date: dt.date) -> str:
    """Return the whole page."""
    return f"""# Evidence

Version {dosimetry.__version__}, {date.isoformat()}, made by `make evidence` (`docs/evidence.py`).
Ours is computed from the code as it is; theirs is typed in with its source, or computed by their
own code. A difference is ours relative to theirs.

That numbers agree does not make a plan right for a patient: a qualified physicist must check it.

{summary()}

""" + "\n".join(map(section, PARTS))


def main() -> None:
    """Write the page."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = dt.datetime.fromtimestamp(int(epoch), dt.UTC) if epoch else dt.datetime.now(dt.UTC)
    PAGE.write_text(page(now.date()), encoding="utf-8")
    sys.stderr.write(f"wrote {PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
