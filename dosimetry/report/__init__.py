"""A plan on a terminal, in pictures, as a report and in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dosimetry.report.document import html as html
    from dosimetry.report.document import pdf as pdf
    from dosimetry.report.figures import figure as figure
    from dosimetry.report.figures import pictures as pictures

# Loaded when first asked for: a plan on a terminal needs no matplotlib.
_HOMES = {
    "figure": "dosimetry.report.figures",
    "html": "dosimetry.report.document",
    "load_ipython_extension": "dosimetry.report.display",
    "pdf": "dosimetry.report.document",
    "pictures": "dosimetry.report.figures",
}
__all__ = ["figure", "html", "pdf", "pictures"]  # lazy


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dosimetry.report' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
