"""Files to start from: the commented template, the examples of the package and their scans."""

from __future__ import annotations

import functools
from pathlib import Path

from dosimetry.patient.read import read_patient
from dosimetry.problems import nearest, quote, refuse

TEMPLATE = """\
# Patient file of dosimetry. Every quantity has a unit. Lines that begin with # are examples:
# remove the # to use them. "dosimetry check FILE" lists errors.
patient:
  id: EX-001                     # a pseudonym: it appears in every output
  sex: male                      # male | female (or m, f, w): chooses the phantom
  # age: 64 year
  # weight: 82 kg
  # height: 178 cm
  # hematocrit: 0.41
  kidney_risk_factors: []        # hypertension, diabetes, nephrotoxic_chemotherapy, single_kidney

therapy:
  radiopharmaceutical: 177Lu-DOTATATE
  regimen: netter-1              # or {activity: 7.4 GBq, cycles: 4, interval: 8 week}
  # marrow_to_blood_ratio: one   # one | plasma, for an agent that stays in plasma
  start: 2026-01-12              # only while no cycle has been delivered
  # time_zone: Europe/Berlin     # of the calendar; infusion_time gives doses a time of day
  # infusion_time: 09:30
  # prior: label                 # label | renal-function | clinic.csv, before measurements
  # tumour_grade: 2              # 1 | 2 | 3
  # the default limits; list of all: dosimetry tables limits
  # limits: [kidneys-ad-23, kidneys-bed, red-marrow-ad-2]
  # prior_doses:                 # previous radiation, included in the cumulative dose
  #   kidneys: {absorbed_dose: 6 Gy, bed: 6.8 Gy, source: "90Y-DOTATOC 2021"}

# masses:                        # default: volumes of the scans at 1.05 g/mL, else the phantom
#   kidney_left: 160 g
#   kidney_right: {value: 155 g, sd: 8 %}
#   tumour_1: 14 g
# sites: {tumour_1: liver}       # the organ that a tumour lies in

# effective_half_lives:          # for a single scan; default: an earlier cycle, else population
#   kidneys: {value: 52 h, sd: 15 %}

# cycles:                        # delivered ones, oldest first
#   - administered: 7.21 GBq     # or {prepared, prepared_at, residual, residual_at}
#     at: 2026-01-12T09:30:00+01:00
#     measurements: cycle1.csv   # region,time [h],activity [MBq] (sd [MBq],volume [mL],recovery)
#     # several files, each with its own correction for decay:
#     # measurements: [organs.csv, {file: spect.csv, decay_corrected_to: administration}]
#     decay_corrected_to: none   # none | administration, where a file does not say
#     systematic_uncertainty: 5 %
#     models: {kidney_left: uptake}                          # per region; else auto
#     blood: blood1.csv          # red marrow from blood: time [h],concentration [kBq/mL]
#     contains: {liver: [tumour_1]}                          # VOIs inside another VOI
#     masses: {tumour_1: 12 g}   # of this cycle; they serve later cycles too
#     not_measurable: {kidney_right: overlap with the bowel} # with the reason
#     dose_coefficients: {liver: 0.31 Gy/GBq}                # supplied by other software

# labs:                          # or labs.csv; the last value before the first dose is the baseline
#   - at: 2026-01-10
#     platelets: 212 1e9/L       # or K/uL, G/L, /mm3; likewise neutrophils, lymphocytes, leukocytes
#     haemoglobin: 12.8 g/dL     # or g/L, mmol/L
#     creatinine: 78 umol/L      # or mg/dL; with age and weight: creatinine clearance
#     bilirubin: 11 umol/L       # or mg/dL
#     albumin: 41 g/L
#     prothrombin_ratio: 95 %    # not an INR
#     ALT: 34 U/L                # or ukat/L; likewise AST; needs an upper limit below
# reference_ranges:              # of your laboratory; default: laboratory_reference_ranges
#   platelets: {lower: 150 1e9/L, upper: 450 1e9/L}
#   ALT: {upper: 45 U/L}
# adverse_events:                # without those graded by laboratory values; 0 once resolved
#   - {at: 2026-02-03, term: nausea, grade: 2}   # ends_treatment: yes | no, where a plan asks
"""


@functools.cache
def folder() -> Path:
    """Return the folder of the examples: in the package of a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "examples"
    return inside if inside.is_dir() else package.parent / "examples"


def names() -> tuple[str, ...]:
    """Return the names of the examples.

    Examples
    --------
    >>> "two_cycles" in names()
    True
    """
    return tuple(sorted(path.stem for path in folder().glob("*.yaml")))


def workbooks() -> tuple[str, ...]:
    """Return the names of the examples that are a clinic's workbook, with a map beside it.

    Examples
    --------
    >>> workbooks()
    ('clinic_workbook',)
    """
    return tuple(sorted(path.stem for path in folder().glob("*.xlsx")))


def new_files(target: Path | None, example: str | None) -> dict[Path, bytes]:
    """Return the files that ``dosimetry init`` writes, with their content.

    Parameters
    ----------
    target : path or None
        Name of the patient file; without one, the example's own. Measurement files go beside it.
    example : str or None
        Name of an example; None for a file to fill in.

    Raises
    ------
    InputError
        No example has this name, or neither file nor example is named.

    Examples
    --------
    >>> [path.name for path in new_files(None, "psma_patient1")]
    ['psma_patient1.yaml', 'psma_patient1.csv']
    """
    if example is None:
        if target is None:
            raise refuse(
                "missing",
                "the name of the file to write is missing",
                "write dosimetry init patient.yaml, or --example NAME",
                "PATIENT",
            )
        return {target: TEMPLATE.encode()}
    if example in workbooks():
        book = folder() / f"{example}.xlsx"
        target, beside = target or Path(book.name), f"{example}_map.yml"
        return {
            target: book.read_bytes(),
            target.with_name(beside): (folder() / beside).read_bytes(),
        }
    if example not in names():
        every = (*names(), *workbooks())
        known = f"examples: {', '.join(every)}"
        near = nearest(example, every)
        raise refuse(
            "unknown-example",
            f"{quote(example)} is not an example",
            f"{near}  ({known})" if near else known,
            "--example",
        )
    source = folder() / f"{example}.yaml"
    target = target or Path(source.name)
    named = [name for name in read_patient(source).input_hashes() if name != source.name]
    patient = {target: source.read_bytes()}
    return patient | {target.with_name(name): (folder() / name).read_bytes() for name in named}
