"""One picture of a report: what it is called, what it says in words, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase


@dataclass(frozen=True)
class Picture:
    """A picture, not drawn yet.

    Attributes
    ----------
    group : str
        ``limits``, ``timeline``, ``curves``, ``labs`` or ``uncertainty``.
    name : str
        Unique within the plan, fit for a file name.
    title : str
    alt : str
        What it shows, in words.
    sizes : tuple of (width, height)
        In inches; the second, where there is one, for narrow screens.
    draw : callable
        Takes a figure of one of the sizes, or a part of one.
    """

    group: str
    name: str
    title: str
    alt: str
    sizes: tuple[tuple[float, float], ...]
    draw: Callable[[FigureBase], None]
