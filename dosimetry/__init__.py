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
    from dosimetry.physics.fitting import fit as fit
    from dosimetry.problems import InputError as InputError
    from dosimetry.therapy.checking import check as check
    from dosimetry.therapy.comparison import compare as compare
    from dosimetry.therapy.comparison import limits as limits
    from dosimetry.therapy.dates import calendar as calendar
    from dosimetry.therapy.patient import Patient as Patient
    from dosimetry.therapy.patient_file import read_patient as read_patient
    from dosimetry.therapy.plan import Plan as Plan
    from dosimetry.therapy.scheduler import plan as plan
    from dosimetry.therapy.verification import verify as verify

__version__ = "0.1.0"

# Loaded when first asked for (PEP 562), so that "dosimetry --help" starts at once.
_HOMES = {
    "InputError": "dosimetry.problems",
    "Patient": "dosimetry.therapy.patient",
    "Plan": "dosimetry.therapy.plan",
    "calendar": "dosimetry.therapy.dates",
    "check": "dosimetry.therapy.checking",
    "compare": "dosimetry.therapy.comparison",
    "fit": "dosimetry.physics.fitting",
    "limits": "dosimetry.therapy.comparison",
    "plan": "dosimetry.therapy.scheduler",
    "read_patient": "dosimetry.therapy.patient_file",
    "verify": "dosimetry.therapy.verification",
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
    "verify",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "report":
        return import_module("dosimetry.report")
    if name not in _HOMES:
        raise AttributeError(f"module 'dosimetry' has no attribute {name!r}")
    if "IPython" in sys.modules:  # a notebook: plans and curves show themselves there
        import_module("dosimetry.report.display").register()
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted((*__all__, "report", "__version__"))
