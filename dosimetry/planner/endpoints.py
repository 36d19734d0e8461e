"""The addresses of the HTTP interface that compute, and the functions behind them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from dosimetry.planner.parameters import COMPARE, FIT, PLAN, Parameter

JOBS = "dosimetry.planner.jobs"


@dataclass(frozen=True)
class Endpoint:
    """An address that takes a body and returns a document.

    Attributes
    ----------
    name : str
        Of the address, and of the function in ``jobs``.
    summary : str
    document : str
        Name of the document's schema.
    body : str
        Name of the body's schema.
    parameters : tuple of Parameter
    """

    name: str
    summary: str
    document: str
    body: str = "patient"
    parameters: tuple[Parameter, ...] = ()


ENDPOINTS = (
    Endpoint("plan", "Plan the course: next dose, doses, limits.", "plan", parameters=PLAN),
    Endpoint("check", "List everything that is wrong with a patient.", "check"),
    Endpoint("compare", "Compare the strategies.", "compare", parameters=COMPARE),
    Endpoint("limits", "Tell what each limit still allows.", "limits", parameters=COMPARE),
    Endpoint("fit", "Fit and integrate time-activity curves.", "fit", "fit_body", FIT),
    Endpoint("verify", "Recompute a plan and compare.", "verify", "verify_body"),
)


def job(name: str, *args: Any) -> bytes:
    """Return what a function of ``jobs`` returns; the server itself need not import it.

    Examples
    --------
    >>> job("check", b'{"patient": {}}', {}).decode().splitlines()[2]
    '  "ok": false,'
    """
    document: bytes = getattr(import_module(JOBS), name)(*args)
    return document
