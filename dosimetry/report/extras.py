"""Libraries that only reports need, checked before any work is done."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from dosimetry.problems import quote, refuse
from dosimetry.therapy.plan import Plan

EXTRAS = {"report": ("jinja2", "matplotlib"), "pdf": ("jinja2", "matplotlib", "weasyprint")}


def need(extra: str) -> None:
    """Refuse if a library of an extra is not installed.

    Raises
    ------
    InputError
        With the command that installs it.

    Examples
    --------
    >>> need("report")
    """
    missing = [name for name in EXTRAS[extra] if find_spec(name) is None]
    if missing:
        raise refuse(
            "extra-not-installed",
            f"not installed, but needed for this output: {', '.join(missing)}",
            f"python -m pip install 'dosimetry[{extra}]'",
        )
    if extra == "pdf":
        try:
            import_module("weasyprint")
        except OSError as error:
            raise refuse(
                "library-not-installed",
                f"WeasyPrint does not find its system library: {error}",
                "install Pango, as in: apt-get install libpango-1.0-0 libpangoft2-1.0-0",
            ) from None


def need_plan(plan: object) -> None:
    """Refuse an object that is not a plan.

    Raises
    ------
    InputError
        It is not what :func:`dosimetry.plan` returns.
    """
    if not isinstance(plan, Plan):
        raise refuse(
            "wrong-type",
            f"{quote(plan)} is not a plan",
            "pass the result of dosimetry.plan",
            "plan",
        )
