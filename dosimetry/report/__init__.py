"""A plan on a terminal, in pictures, as a report and in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dosimetry.report.figures import figure, pictures
    from dosimetry.report.page.document import html, pdf

# Loaded when first asked for: a plan on a terminal needs no matplotlib.
_HOMES = {
    "figure": "dosimetry.report.figures",
    "html": "dosimetry.report.page.document",
    "load_ipython_extension": "dosimetry.report.notebook",
    "pdf": "dosimetry.report.page.document",
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
