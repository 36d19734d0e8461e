"""The pictures of a plan, singly or by group, drawn by matplotlib."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from dosimetry.documents.plan import Plan, need_plan
from dosimetry.documents.scans import Scans
from dosimetry.files import need
from dosimetry.problems import nearest, quote, refuse
from dosimetry.report.figures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GROUPS = ("limits", "timeline", "curves", "labs", "uncertainty", "scans")
FigureFormat = Literal["svg", "png", "pdf"]
COLUMNS = 2
HEAD = 0.25  # height of a title in inches
DOTS = 200  # per inch, of a PNG


def pictures(plan: Plan, scans: Scans | None = None) -> tuple[Picture, ...]:
    """Return the pictures of a plan; those without data are left out.

    Parameters
    ----------
    plan : Plan
    scans : Scans, optional
        Of the plan's next cycle, from :func:`dosimetry.scans`.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/snmmi_patient4.yaml"))
    >>> [picture.name for picture in pictures(plan)]
    ['limits', 'timeline', 'curve-1-1', 'uncertainty']
    """
    need_plan(plan)
    from dosimetry.report.figures import curves, labs, limits, timeline, uncertainty
    from dosimetry.report.figures import scans as of_scans

    parts = (limits, timeline, curves, labs, uncertainty)
    of_plan = (picture for part in parts for picture in part.pictures(plan))
    return (*of_plan, *of_scans.pictures(scans))


def figure(plan: Plan, name: str) -> Figure:
    """Return a picture of a plan as a matplotlib figure.

    Parameters
    ----------
    plan : Plan
    name : str
        A group (``limits``, ``timeline``, ``curves``, ``labs``, ``uncertainty``), or the name of
        one of the :func:`pictures`.

    Returns
    -------
    matplotlib.figure.Figure
        To be shown by a notebook or saved; no window is opened.

    Raises
    ------
    InputError
        matplotlib is not installed, or the plan does not have the picture.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/two_cycles.yaml"))
    >>> len(dosimetry.report.figure(plan, "curves").subfigs)
    4
    """
    need("report")
    known = pictures(plan)
    named = [picture for picture in known if name in (picture.group, picture.name)]
    if not named:
        names = list(dict.fromkeys([*(p.group for p in known), *(p.name for p in known)]))
        near, existing = nearest(f"{name}", names), f"pictures: {', '.join(names)}"
        raise refuse(
            "unknown-picture",
            f"this plan has no picture {quote(name)}",
            f"{near}  ({existing})" if near else existing,
        )
    with settings():
        return _alone(named[0]) if len(named) == 1 else _together(named)


def _empty(size: tuple[float, float]) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=size, dpi=100)


def _alone(picture: Picture) -> Figure:
    """Draw a picture under its title."""
    from dosimetry.report.figures import style

    width, height = picture.sizes[0]
    whole = _empty((width, height + HEAD))
    grid = whole.add_gridspec(2, 1, hspace=0, height_ratios=[HEAD, height])
    picture.draw(whole.add_subfigure(grid[1], facecolor="none"))
    style.title(whole, picture.title, 0.06, height + HEAD - 0.06)
    return whole


def _together(group: list[Picture]) -> Figure:
    """Draw the pictures of a group side by side, each under its title."""
    from dosimetry.report.figures import style

    width, height = group[0].sizes[0]
    rows, row = -(-len(group) // COLUMNS), HEAD + height
    whole = _empty((COLUMNS * width, rows * row))
    grid = whole.add_gridspec(
        2 * rows, COLUMNS, wspace=0, hspace=0, height_ratios=[HEAD, height] * rows
    )
    for i, picture in enumerate(group):
        down, right = divmod(i, COLUMNS)
        picture.draw(whole.add_subfigure(grid[2 * down + 1, right], facecolor="none"))
        style.title(whole, picture.title, right * width + 0.06, (rows - down) * row - 0.06)
    return whole


def embedded(wanted: Iterable[Picture]) -> Iterator[tuple[Picture, tuple[str, ...]]]:
    """Yield each picture with its SVG for a page, one per size.

    Pictures of one size and group reuse the same axes, which saves most of the time.
    """
    from dosimetry.report.figures import svg

    need("report")
    sheets: dict[object, Figure] = {}
    with settings():
        for picture in wanted:
            drawn = []
            for i, size in enumerate(picture.sizes):
                sheet = sheets.setdefault((picture.group, size), _empty(size))
                for text in list(sheet.texts):
                    text.remove()
                picture.draw(sheet)
                drawn.append(svg.clean(svg.raw(sheet), f"{picture.name}-{i}", "", alone=False))
            yield picture, tuple(drawn)


def file_of(picture: Picture, kind: FigureFormat) -> bytes:
    """Return a picture as the content of a file, on white and with its title."""
    from dosimetry.report.figures import svg

    need("report")
    with settings():
        drawn = _alone(picture)
        if kind == "svg":
            return svg.clean(svg.raw(drawn), picture.name, picture.title, alone=True).encode()
        out = io.BytesIO()
        metadata: dict[str, Any] = {"Software": None}
        if kind == "pdf":
            metadata = {"CreationDate": None, "Title": picture.title}
        drawn.savefig(out, format=kind, facecolor="white", dpi=DOTS, metadata=metadata)
        return out.getvalue()


@contextmanager
def settings() -> Iterator[None]:
    """Draw with the settings of the report; the host program's settings are restored."""
    import matplotlib as mpl

    from dosimetry.report.figures.style import SETTINGS

    # A glyph that our typeface lacks comes from the reader's, so the warning is of no use.
    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        yield
