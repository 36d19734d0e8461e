"""Verification of a plan: recomputed from its inputs and compared number by number."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dosimetry.documents.plan import SCHEMA, Plan
from dosimetry.documents.read import TEXT, read_plan_text
from dosimetry.documents.write import content_hash, to_json
from dosimetry.patient.patient import Patient
from dosimetry.patient.read import read_patient
from dosimetry.planning.course_plan import plan as make_plan
from dosimetry.problems import FilePlace, InputError, Problem, join_place, quote, refuse
from dosimetry.read_json import read_json
from dosimetry.recalculation.agreement import compared, difference_in_words
from dosimetry.reference import tables

VERIFY_SCHEMA = "dosimetry/verify/1"
PATIENT_FILES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class Verification:
    """Result of verifying a plan.

    Attributes
    ----------
    figures : int
        Numbers of the document that were compared.
    twice : int
        Figures that were also recalculated independently.
    files : int
        Input files that were read.
    differences : tuple of Problem
        Each with its place in the document; none where the plan is verified.
    """

    figures: int
    twice: int
    files: int
    differences: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def to_json(self) -> str:
        """Return the result as JSON, as ``dosimetry verify --format json`` prints it."""
        return to_json(
            VerificationDocument(
                VERIFY_SCHEMA, self.ok, self.figures, self.twice, self.files, self.differences
            )
        )


@dataclass(frozen=True)
class VerificationDocument:
    """Result of verifying a plan, as a document.

    Attributes
    ----------
    schema : str
        ``dosimetry/verify/1``.
    ok : bool
        Whether nothing differs.
    figures, twice, files : int
        As in :class:`Verification`.
    differences : tuple of Problem
    """

    schema: str
    ok: bool
    figures: int
    twice: int
    files: int
    differences: tuple[Problem, ...]


def verify(
    plan: Plan | str | os.PathLike[str], inputs: str | os.PathLike[str] | None = None
) -> Verification:
    """Recompute a plan from its inputs and compare every number of its document.

    Parameters
    ----------
    plan : Plan, path or str
        A plan, the name of its file (JSON, at most 10 MB), or the document's text. It must be of
        this version of the schema.
    inputs : path, optional
        Folder of the patient file; by default the folder of the plan's file, else the current one.

    Returns
    -------
    Verification

    Raises
    ------
    InputError
        Not a plan, or inputs that cannot be read.

    Examples
    --------
    >>> import dosimetry
    >>> made = dosimetry.plan("examples/nothing_measured.yaml")
    >>> dosimetry.verify(made, inputs="examples").ok
    True
    """
    if isinstance(plan, Plan):
        name, data, told = TEXT, read_json(plan.to_json(), TEXT), plan
    else:
        name, data = read_plan_text(plan, SCHEMA)
        told = Plan.from_document(data, name)
    folder = inputs if inputs is not None else _folder_of(plan, name)
    return _verified(told, data, read_patient(Path(folder) / _patient_file(told, name)))


def verify_with(plan: str, patient: Patient) -> Verification:
    """Recompute a plan from a patient that was read, and compare every number of its document.

    Parameters
    ----------
    plan : str
        Text of the plan's document.
    patient : Patient
        Read from the bytes that the plan was made from; their hash is compared.

    Returns
    -------
    Verification

    Raises
    ------
    InputError
        Not a plan.

    Examples
    --------
    >>> import dosimetry
    >>> patient = dosimetry.read_patient("examples/nothing_measured.yaml")
    >>> verify_with(dosimetry.plan(patient).to_json(), patient).ok
    True
    """
    name, data = read_plan_text(plan, SCHEMA)
    return _verified(Plan.from_document(data, name), data, patient)


def _verified(told: Plan, data: dict[str, Any], patient: Patient) -> Verification:
    patient = patient.with_prior(told.options.prior).with_estimator(told.options.estimator)
    problems = [*_other_hashes(data, patient)]
    if told.provenance.replaced:
        problems.append(
            Problem(
                "changed-in-memory",
                "the patient was changed in memory before the plan was made "
                f"({quote(', '.join(told.provenance.replaced))}), so the files alone do not "
                "reproduce the plan",
                "write the change into the patient file, and make the plan from it",
                "provenance.replaced",
            )
        )
        return Verification(0, 0, len(patient.input_hashes()), tuple(problems))
    try:
        made = make_plan(
            patient,
            told.strategy,
            told.risk,
            max_cycles=told.options.max_cycles,
            max_activity=told.options.max_activity,
            min_activity=told.options.min_activity,
            without_cycles=told.options.without_cycles,
            interval=told.options.interval,
            activity=told.options.activity,
            bind=told.options.bind,
            cycles=told.options.cycles,
            prior=told.options.prior,
            estimator=told.options.estimator,
        )
    except InputError as error:
        if not problems and {p.code for p in error.problems} != {"second-calculation-differs"}:
            raise
        return Verification(0, 0, len(patient.input_hashes()), (*problems, *error.problems))
    fresh = read_json(made.to_json(), "plan")
    for document in (data, fresh):
        for known in ("tables", "inputs", "content"):  # compared above
            document["provenance"].pop(known, None)
    problems += differences(data, fresh)
    problems += _second_opinion(told, made)
    files = len(patient.input_hashes())
    return Verification(_numbers(data), len(made.second_check), files, tuple(problems))


def _folder_of(plan: Plan | str | os.PathLike[str], name: str) -> Path:
    return Path() if isinstance(plan, Plan) or name == TEXT else Path(plan).parent


def _patient_file(told: Plan, name: str) -> str:
    inputs = told.provenance.inputs
    file = next((name for name in inputs if name.lower().endswith(PATIENT_FILES)), "")
    if file and Path(file).name == file:
        return file
    raise refuse(
        "no-patient-file",
        "the plan does not name a patient file",
        "make the plan from a patient file (YAML or JSON)",
        FilePlace(f"{name}: provenance.inputs"),
    )


def _other_hashes(data: Mapping[str, Any], patient: Patient) -> Iterator[Problem]:
    """Yield differing hashes of the document itself, its inputs and its tables."""
    told = data["provenance"]
    if told.get("content") != content_hash(data):
        yield Problem(
            "document-changed",
            "the document was changed after it was written (its hash differs)",
            "",
            "provenance.content",
        )
    known = {"inputs": patient.input_hashes(), "tables": tables.hashes()}
    for kind, hashes in known.items():
        for name in {**told[kind], **hashes}:
            if told[kind].get(name) != hashes.get(name):
                what = "is not the file used for the plan"
                if name not in hashes:
                    what = "was used for the plan, but is not used now"
                elif name not in told[kind]:
                    what = "is used now, but is not named in the plan"
                yield Problem(
                    "inputs-changed" if kind == "inputs" else "tables-changed",
                    f"{quote(name)} {what}",
                    "",
                    f"provenance.{kind}",
                )


def differences(told: Any, made: Any, place: str = "") -> Iterator[Problem]:
    """Yield every place where two documents differ.

    Examples
    --------
    >>> [f"{one}" for one in differences({"a": [1, 2.5]}, {"a": [1.0, 2.6]})]
    ["a[1]: '2.5' in the document, '2.6' when recomputed"]
    """
    if isinstance(told, dict) and isinstance(made, dict):
        for key in {**made, **told}:
            here = join_place(place, key)
            if key not in told or key not in made:
                where = "the recomputed plan" if key in made else "the document"
                yield Problem("only-in-one", f"is in {where} only", "", here)
            else:
                yield from differences(told[key], made[key], here)
    elif isinstance(told, list) and isinstance(made, list):
        if len(told) != len(made):
            message = f"{len(told)} entries in the document, {len(made)} when recomputed"
            yield Problem("other-length", message, "", place)
        for i, (old, new) in enumerate(zip(told, made, strict=False)):
            yield from differences(old, new, f"{place}[{i}]")
    elif _kind(told) is not _kind(made) or told != made:
        yield Problem(
            "differs", f"{quote(told)} in the document, {quote(made)} when recomputed", "", place
        )


def _kind(value: object) -> type:
    """Return the kind of a JSON value; in JSON, 7 and 7.0 are the same number."""
    return float if type(value) is int else type(value)


def _numbers(value: Any) -> int:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return sum(map(_numbers, inner))
    return int(_kind(value) is float)


def _second_opinion(told: Plan, made: Plan) -> Iterator[Problem]:
    """Yield every figure of the document that the independent recalculation does not confirm."""
    figures = {
        (curve.cycle, curve.region, "time-integrated activity"): curve.tia.value
        for curve in told.curves
    }
    for curve in told.curves:
        if curve.tia.p50 is not None:
            at = curve.cycle, curve.region
            figures[*at, "area of the curve"] = (curve.optimum or curve.tia).value
            figures[*at, "median time-integrated activity"] = curve.tia.p50
    for cycle in told.cycles:
        for region in cycle.regions:
            at = cycle.number, region.region
            figures[*at, "absorbed dose"] = region.absorbed_dose.value
            if region.bed is not None:
                figures[*at, "biologically effective dose"] = region.bed.value
    for check in made.second_check:
        first = figures.get((check.cycle, check.region, check.quantity))
        if first is None:
            continue
        place = check.cycle, check.region, check.quantity, check.by
        again = compared(place, first, check.second.value, check.first.unit, check.tolerance.value)
        if not again.passed:
            words = difference_in_words(again)
            yield Problem("second-calculation-differs", words, "", "independent recalculation")
