"""Schemas of the input and output documents, each with its ``$id``."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from dosimetry.cycle.curves_of_file import CurveDocument
from dosimetry.documents.fit import FIT_SCHEMA
from dosimetry.documents.plan import SCHEMA, Plan
from dosimetry.documents.scans import SCANS_SCHEMA, Scans
from dosimetry.documents.selftest import SELFTEST_SCHEMA, SelfTest
from dosimetry.patient.patient import Patient
from dosimetry.planning.check import CHECK_SCHEMA, CheckReport
from dosimetry.planning.compare import COMPARE_SCHEMA, LIMITS_SCHEMA, Allowances, Comparison
from dosimetry.planning.verify import VERIFY_SCHEMA, VerificationDocument
from dosimetry.population.cohort.table import cohort_schema
from dosimetry.population.published_trial import TRIAL_SCHEMA, PublishedTrial
from dosimetry.population.virtual_trial.outcome import VirtualTrial
from dosimetry.population.virtual_trial.simulate import SCHEMA as SIMULATION_SCHEMA
from dosimetry.problems import PROBLEMS_SCHEMA, Problem, nearest, quote, refuse

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PATIENT_SCHEMA, COHORT_SCHEMA = "dosimetry/patient/1", "dosimetry/cohort/1"

# Name of the document -> schema number, and the type that has its fields.
RESULTS: dict[str, tuple[str, Any]] = {
    "plan": (SCHEMA, Plan),
    "fit": (FIT_SCHEMA, CurveDocument),
    "compare": (COMPARE_SCHEMA, Comparison),
    "limits": (LIMITS_SCHEMA, Allowances),
    "check": (CHECK_SCHEMA, CheckReport),
    "verify": (VERIFY_SCHEMA, VerificationDocument),
    "scans": (SCANS_SCHEMA, Scans),
    "simulation": (SIMULATION_SCHEMA, VirtualTrial),
    "trial": (TRIAL_SCHEMA, PublishedTrial),
    "selftest": (SELFTEST_SCHEMA, SelfTest),
}
NAMES = ("patient", *RESULTS, "problems", "cohort")


def schema_of(name: str) -> dict[str, Any]:
    """Return the schema of a document.

    Parameters
    ----------
    name : str
        ``patient``, ``plan``, ``fit``, ``compare``, ``limits``, ``check``, ``verify``,
        ``scans``, ``problems``, ``simulation``, ``trial``, ``selftest`` or ``cohort``.

    Returns
    -------
    dict
        JSON Schema 2020-12, or Frictionless Table Schema of a cohort, which is a table. Its
        ``$id`` names the schema number, as in ``urn:dosimetry:plan:2``.

    Raises
    ------
    InputError
        No document has this name.

    Examples
    --------
    >>> schema_of("plan")["$id"]
    'urn:dosimetry:plan:2'
    """
    if name == "patient":
        return _with_id(PATIENT_SCHEMA, Patient.model_json_schema())
    if name == "problems":
        return _with_id(PROBLEMS_SCHEMA, _problems())
    if name == "cohort":
        schema = cohort_schema()
        return {"$schema": schema.pop("$schema"), "$id": _id(COHORT_SCHEMA), **schema}
    if name not in RESULTS:
        raise refuse(
            "unknown-document",
            f"{quote(name)} is not a document",
            nearest(f"{name}", NAMES) or f"documents: {', '.join(NAMES)}",
        )
    number, kind = RESULTS[name]
    schema = TypeAdapter(kind).json_schema(mode="serialization")
    schema["properties"]["schema"] = {"type": "string", "const": number}
    return _with_id(number, schema)


def _with_id(number: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": DIALECT, "$id": _id(number), **schema}


def _id(number: str) -> str:
    return f"urn:{number.replace('/', ':')}"


def _problems() -> dict[str, Any]:
    """Return the schema of a refusal; every problem has code, place, message and cure."""
    problem = TypeAdapter(Problem).json_schema(mode="serialization")
    return {
        "title": "Problems",
        "description": "Problems of an input or of the command line.",
        "type": "object",
        "properties": {
            "schema": {"type": "string", "const": PROBLEMS_SCHEMA},
            "problems": {
                "type": "array",
                "minItems": 1,
                "items": {**problem, "required": [*problem["properties"]]},
            },
        },
        "required": ["schema", "problems"],
    }
