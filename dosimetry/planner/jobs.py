"""What a worker computes: bytes of a body in, the document of the command line out."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dosimetry.cycle.curves_of_file import CurveDocument, fit_scans
from dosimetry.cycle.fit_options import FitOptions
from dosimetry.documents.write import to_json
from dosimetry.files import STANDARD_INPUT, decode
from dosimetry.patient.measurements.read import read_measurements
from dosimetry.patient.measurements.rows import Context
from dosimetry.patient.measurements.scan import Measurements
from dosimetry.patient.patient import Patient
from dosimetry.patient.read import json_content
from dosimetry.planner.openapi import description
from dosimetry.planning import check as checking
from dosimetry.planning import compare as comparing
from dosimetry.planning.course_plan import plan as make_plan
from dosimetry.planning.verify import verify_with
from dosimetry.problems import FilePlace, InputError, Problem, nearest, quote, refuse
from dosimetry.read_json import read_json
from dosimetry.report.words.today import day_of
from dosimetry.schemas import schema_of

BODY = "body"
BLANKS = " \t\r\n"  # of JSON
Options = Mapping[str, Any]


def patient_of_body(raw: bytes) -> Patient:
    """Return the patient of a body; a file that it names is refused.

    Examples
    --------
    >>> body = b'{"patient": {"id": "EX-1", "sex": "male"}, "therapy": {"regimen": "netter-1"}}'
    >>> patient_of_body(body).person.id
    'EX-1'
    """
    content, sha256 = json_content(raw)
    return _patient(content, sha256)


def _patient(content: Mapping[str, Any], sha256: str) -> Patient:
    # named as standard input is, so that the documents are those of the command
    return Patient.from_dict(content, None, source=STANDARD_INPUT, sha256=sha256)


def plan(raw: bytes, options: Options) -> bytes:
    """Return the document of ``dosimetry plan``."""
    chosen = dict(options)
    with_parameters(day_of, chosen.pop("as_of", None))
    chosen["without_cycles"] = chosen.pop("without_cycle", ())
    return make_plan(patient_of_body(raw), **chosen).to_json().encode()


def check(raw: bytes, options: Options) -> bytes:
    """Return the document of ``dosimetry check``; a body that is not JSON is refused."""
    content, sha256 = json_content(raw)
    try:
        patient = _patient(content, sha256)
    except InputError as error:
        report = checking.CheckReport(checking.CHECK_SCHEMA, False, error.problems, ())
        return report.to_json().encode()
    return checking.check(patient).to_json().encode()


def compare(raw: bytes, options: Options) -> bytes:
    """Return the document of ``dosimetry compare``."""
    return comparing.compare(patient_of_body(raw), **options).to_json().encode()


def limits(raw: bytes, options: Options) -> bytes:
    """Return the document of ``dosimetry limits``."""
    return comparing.limits(patient_of_body(raw), **options).to_json().encode()


def fit(raw: bytes, options: Options) -> bytes:
    """Return the document of ``dosimetry fit``, for ``{"administered": ..., "curves": [...]}``."""
    content, _ = json_content(raw, BODY)
    _refuse_other_keys(content, ("administered", "curves"))
    rows = content["curves"]
    if not isinstance(rows, list) or not rows:
        raise refuse(
            "wrong-type",
            "'curves' is not a list of scans",
            "write [{region: liver, time: 4 h, activity: 80 MBq}, ...]",
            "curves",
        )
    if not isinstance(content["administered"], str):
        raise refuse(
            "wrong-type",
            f"{quote(content['administered'])} is not a text",
            "write the activity with its unit, as in 7.4 GBq",
            "administered",
        )

    def read(context: Context) -> Measurements:
        try:
            return read_measurements(rows, None, context)
        except InputError as error:
            raise error.at("curves") from None

    chosen = dict(options)
    models = chosen.pop("model", ("auto",))
    injected_at = chosen.pop("at", None)
    document: CurveDocument = with_parameters(
        fit_scans,
        read,
        BODY,
        FitOptions(content["administered"], models=models, injected_at=injected_at, **chosen),
    )
    return document.to_json().encode()


def verify(raw: bytes, options: Options) -> bytes:
    """Return the document of ``dosimetry verify``, for ``{"patient": ..., "plan": ...}``.

    The patient is a text or an object. The plan holds the hash of the patient's bytes, so the
    object must stand there as it was sent for the plan.
    """
    text = decode(raw, BODY)
    content = read_json(text, BODY)
    _refuse_other_keys(content, ("patient", "plan"))
    parts = written_values(text, content)
    return verify_with(parts["plan"], patient_of_body(parts["patient"].encode())).to_json().encode()


def written_values(text: str, content: Mapping[str, Any]) -> dict[str, str]:
    r"""Return each value of a JSON object as it stands in its text; a string as what it holds.

    Examples
    --------
    >>> written_values('{"a": {"b": 1.0},"c":"{\\"d\\": 2}"}', {"a": {}, "c": '{"d": 2}'})
    {'a': '{"b": 1.0}', 'c': '{"d": 2}'}
    """
    decoder = json.JSONDecoder()
    values: dict[str, str] = {}
    at = text.index("{") + 1
    for name in content:
        at = decoder.raw_decode(text, text.index('"', at))[1]
        begin = text.index(":", at) + 1
        begin += len(text[begin:]) - len(text[begin:].lstrip(BLANKS))
        at = decoder.raw_decode(text, begin)[1]
        value = content[name]
        values[name] = value if isinstance(value, str) else text[begin:at]
    return values


def _refuse_other_keys(content: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    problems = [
        Problem("missing", "is missing", "add it", key) for key in keys if key not in content
    ]
    problems += [
        Problem(
            "unknown-key",
            f"key {quote(key)} is not known",
            nearest(key, keys) or f"known: {', '.join(keys)}",
            BODY,
        )
        for key in content
        if key not in keys
    ]
    if problems:
        raise InputError(problems)


def with_parameters(function: Any, *args: Any, **options: Any) -> Any:
    """Return what a function of the command line returns; name its options as parameters."""
    try:
        return function(*args, **options)
    except InputError as error:
        raise InputError(
            replace(p, place=_parameters_in(p.place), cure=_parameters_in(p.cure))
            for p in error.problems
        ) from None


def _parameters_in(text: str) -> str:
    named = re.sub(r"--([a-z-]+)", lambda found: found[1].replace("-", "_"), text)
    return FilePlace(named) if isinstance(text, FilePlace) else named


@functools.cache
def schema(name: str) -> bytes:
    """Return the document of ``dosimetry schema``."""
    return to_json(schema_of(name)).encode()


@functools.cache
def openapi() -> bytes:
    """Return the description of the interface."""
    return to_json(description()).encode()
