"""Tables of a report: cells that show a rounded number and carry the whole one beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dosimetry.documents.write import DIGITS
from dosimetry.quantities import Amount, Distribution, Estimate
from dosimetry.report.numbers import decimals_of, plain

LONGEST_DATE = len("2026-01-12 09:30")


@dataclass(frozen=True)
class Number:
    """A number as it is shown, and as the JSON document has it.

    Attributes
    ----------
    shown : str
    role : str
        ``value``, ``sd``, ``p5``, ``p95``, ``probability`` or ``allowed``.
    value : str
        With 12 significant digits.
    """

    shown: str
    role: str
    value: str


@dataclass(frozen=True)
class Cell:
    """Parts of text and numbers; ``of`` names the place in the JSON document."""

    parts: tuple[str | Number, ...]
    of: str = ""

    @property
    def numeric(self) -> bool:
        """Whether the cell stands at the right of its column."""
        return any(isinstance(part, Number) for part in self.parts)

    @property
    def short(self) -> bool:
        """Whether the cell is not to be broken into lines: a date with its time, at most."""
        return sum(len(part) for part in self.parts if isinstance(part, str)) <= LONGEST_DATE


@dataclass(frozen=True)
class Table:
    """A table: caption, headings with units, rows; the first cell of a row is its heading."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


Content: TypeAlias = Cell | str | None
NOTHING = "–"


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Content]]) -> Table:
    """Return a table of cells or texts."""
    return Table(
        caption,
        tuple(columns),
        tuple(
            tuple(
                content if isinstance(content, Cell) else Cell((content or NOTHING,))
                for content in row
            )
            for row in rows
        ),
    )


def number(value: float, shown: str, role: str = "value") -> Number:
    """Return a number with the digits of the JSON document.

    Examples
    --------
    >>> number(0.1 + 0.2, "0.30").value
    '0.3'
    """
    return Number(shown, role, f"{value:.{DIGITS}g}")


def mean_sd(quantity: Estimate | Distribution | None, of: str = "") -> Cell:
    """Return mean and sd, rounded to two digits of the sd.

    Examples
    --------
    >>> [getattr(part, "shown", part) for part in mean_sd(Estimate(2.5621, 0.0952, "Gy")).parts]
    ['2.562', ' ± ', '0.095']
    """
    if quantity is None:
        return Cell((NOTHING,), of)
    if not quantity.sd:
        return Cell((number(quantity.value, plain(quantity.value)),), of)
    places = decimals_of(quantity.sd)
    return Cell(
        (
            number(quantity.value, f"{quantity.value:.{places}f}"),
            " ± ",
            number(quantity.sd, f"{quantity.sd:.{places}f}", "sd"),
        ),
        of,
    )


def spread(quantity: Distribution | None, of: str = "") -> Cell:
    """Return the 5th and the 95th percentile, rounded like the mean."""
    if quantity is None or quantity.p5 is None or quantity.p95 is None or not quantity.sd:
        return Cell((NOTHING,), of)
    places = decimals_of(quantity.sd)
    low = number(quantity.p5, f"{quantity.p5:.{places}f}", "p5")
    return Cell((low, " to ", number(quantity.p95, f"{quantity.p95:.{places}f}", "p95")), of)


def amount(quantity: Amount | None, of: str = "", shown: str = "") -> Cell:
    """Return a number alone, with three digits; its unit stands in the column's heading."""
    if quantity is None:
        return Cell((NOTHING,), of)
    return Cell((number(quantity.value, shown or plain(quantity.value)),), of)
