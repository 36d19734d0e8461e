"""Dosimetry and dosing schedules for 177Lu therapy.

What a clinic measures goes in (:func:`read_patient`); what each cycle gives each organ, what the
course will give and which limits that touches comes out (:func:`plan`). Decision support, not a
medical device: a qualified physicist must check.

Examples
--------
>>> import dosimetry
>>> import pint
>>> Q = pint.get_application_registry().Quantity
>>> print(dosimetry.fit(Q([4, 24, 120], "h"), Q([80.99, 69.24, 21.09], "MBq")).model)
mono
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dosimetry.documents.plan import Plan
    from dosimetry.patient.patient import Patient
    from dosimetry.patient.read import read_patient
    from dosimetry.physics.fitting import fit
    from dosimetry.planning.check import check
    from dosimetry.planning.compare import compare, limits
    from dosimetry.planning.course_plan import calendar, plan
    from dosimetry.planning.scans import scans
    from dosimetry.planning.verify import verify
    from dosimetry.problems import InputError

__version__ = "0.1.0"

# Loaded when first asked for (PEP 562), so that "dosimetry --help" starts at once.
_HOMES = {
    "InputError": "dosimetry.problems",
    "Patient": "dosimetry.patient.patient",
    "Plan": "dosimetry.documents.plan",
    "calendar": "dosimetry.planning.course_plan",
    "check": "dosimetry.planning.check",
    "compare": "dosimetry.planning.compare",
    "fit": "dosimetry.physics.fitting",
    "limits": "dosimetry.planning.compare",
    "plan": "dosimetry.planning.course_plan",
    "read_patient": "dosimetry.patient.read",
    "scans": "dosimetry.planning.scans",
    "verify": "dosimetry.planning.verify",
}
__all__ = [  # lazy
    "InputError",
    "Patient",
    "Plan",
    "calendar",
    "check",
    "compare",
    "fit",
    "limits",
    "plan",
    "read_patient",
    "scans",
    "verify",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "report":
        return import_module("dosimetry.report")
    if name not in _HOMES:
        raise AttributeError(f"module 'dosimetry' has no attribute {name!r}")
    if "IPython" in sys.modules:  # a notebook: plans and curves show themselves there
        import_module("dosimetry.report.notebook").register()
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted((*__all__, "report", "__version__"))
