"""The HTTP interface, below ``/api/v1``."""

from __future__ import annotations

from starlette.routing import BaseRoute

from dosimetry.planner.settings import Settings


def routes(settings: Settings) -> list[BaseRoute]:
    """Return the addresses of the HTTP interface."""
    return []
