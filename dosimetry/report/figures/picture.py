"""A picture of a report: its name, its description, and the function that draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase


@dataclass(frozen=True)
class Picture:
    """A picture before it is drawn.

    Attributes
    ----------
    group : str
        ``limits``, ``timeline``, ``curves``, ``labs``, ``uncertainty`` or ``scans``.
    name : str
        Unique within the plan, suitable as a file name.
    title : str
    alt : str
        Description for readers who do not see it.
    sizes : tuple of (width, height)
        In inches; a second one is for narrow screens.
    draw : callable
        Takes a figure of one of the sizes, or a subfigure.
    """

    group: str
    name: str
    title: str
    alt: str
    sizes: tuple[tuple[float, float], ...]
    draw: Callable[[FigureBase], None]
