"""Libraries that only reports need: asked for before any work is done."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from dosimetry.problems import quote, refuse
from dosimetry.therapy.plan import Plan

EXTRAS = {"report": ("jinja2", "matplotlib"), "pdf": ("jinja2", "matplotlib", "weasyprint")}


def need(extra: str) -> None:
    """Refuse where the libraries of an extra are not installed.

    Raises
    ------
    InputError
        Names the command that installs them.

    Examples
    --------
    >>> need("report")
    """
    missing = [name for name in EXTRAS[extra] if find_spec(name) is None]
    if missing:
        raise refuse(
            "extra-not-installed",
            f"this needs {' and '.join(missing)}, not installed here",
            f"python -m pip install 'dosimetry[{extra}]'",
        )
    if extra == "pdf":
        try:
            import_module("weasyprint")
        except OSError as error:
            raise refuse(
                "library-not-installed",
                f"WeasyPrint does not find the system library that it sets type with: {error}",
                "install Pango, as in: apt-get install libpango-1.0-0 libpangoft2-1.0-0",
            ) from None


def need_plan(given: object) -> None:
    """Refuse what is not a plan.

    Raises
    ------
    InputError
        Says what to pass.
    """
    if not isinstance(given, Plan):
        raise refuse(
            "wrong-type",
            f"{quote(given)} is not a plan",
            "give what dosimetry.plan returns",
            "plan",
        )
