"""Figures as SVG for a strict page: no style attribute, unique ids, no date."""

from __future__ import annotations

import functools
import io
import re
import xml.etree.ElementTree as ET  # reads only the output of matplotlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG, LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
HREF = f"{{{LINK}}}href"
REFERENCE = re.compile(r"url\(#([^)]+)\)")
TURN = re.compile(r"rotate\(-?0(\.0)? [^)]*\)")
FONT = re.compile(r"(?:(italic|bold|[1-9]00) )*([\d.]+)px (.+)", re.DOTALL)
PLACES = {"d", "transform", "x", "y"}
DIGITS = re.compile(r"(\.\d\d)\d+")  # a hundredth of a point is not visible
FAMILY = "DejaVu Sans, Helvetica, Arial, sans-serif"


def raw(figure: Figure) -> bytes:
    """Return a figure as matplotlib writes it."""
    out = io.BytesIO()
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(out, format="svg", metadata=metadata)
    return out.getvalue()


def clean(written: bytes, prefix: str, title: str, alone: bool) -> str:
    """Return an SVG with attributes instead of styles, and with unique ids.

    Parameters
    ----------
    written : bytes
        The output of matplotlib.
    prefix : str
        Put in front of every id.
    title : str
        Title of a single file; a page has its own heading.
    alone : bool
        For a single file: with size, typeface and white ground.
    """
    root = ET.fromstring(written)
    width, height = root.get("viewBox", "0 0 1 1").split()[2:]
    used = _used(root)
    for node in root.iter():
        _attributes(node)
        name = node.attrib.pop("id", None)
        if name in used:
            node.set("id", f"{prefix}-{name}")
        _refer(node, prefix)
    for group in root.findall(f"{{{SVG}}}defs"):
        for style in group.findall(f"{{{SVG}}}style"):
            group.remove(style)
    for data in root.findall(f"{{{SVG}}}metadata"):
        root.remove(data)
    root.attrib.clear()
    root.attrib |= {"viewBox": f"0 0 {width} {height}", "stroke-linejoin": "round"}
    if alone:
        root.attrib |= {"width": f"{width}pt", "height": f"{height}pt", "font-family": FAMILY}
        ground = ET.Element(f"{{{SVG}}}rect", width=width, height=height, fill="#ffffff")
        root.insert(0, ground)
        heading = ET.Element(f"{{{SVG}}}title")
        heading.text = title
        root.insert(0, heading)
    else:
        root.attrib |= {"aria-hidden": "true", "focusable": "false"}
    return _text(root)


def _text(root: ET.Element) -> str:
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", LINK)
    text = ET.tostring(root, encoding="unicode")
    return re.sub(r">\s+<", "><", text) + "\n"


def _used(root: ET.Element) -> set[str]:
    """Return the ids that something refers to."""
    ids = set()
    for node in root.iter():
        for name, value in node.attrib.items():
            if name == HREF:
                ids.add(value.removeprefix("#"))
            ids.update(REFERENCE.findall(value))
    return ids


def _refer(node: ET.Element, prefix: str) -> None:
    for name, value in list(node.attrib.items()):
        if name == HREF:
            del node.attrib[HREF]
            node.set("href", f"#{prefix}-{value.removeprefix('#')}")
        elif "url(#" in value:
            node.set(name, REFERENCE.sub(rf"url(#{prefix}-\1)", value))


def _attributes(node: ET.Element) -> None:
    """Turn the style of a node into attributes; the policy of the page forbids inline styles."""
    for name, value in _declarations(node.attrib.pop("style", "")):
        node.set(name, value)
    if TURN.fullmatch(node.get("transform", "")):
        del node.attrib["transform"]
    for name in PLACES & node.attrib.keys():
        node.set(name, DIGITS.sub(r"\1", node.attrib[name]).replace("  ", " ").strip())


@functools.lru_cache(maxsize=4096)
def _declarations(style: str) -> tuple[tuple[str, str], ...]:
    declarations = []
    for part in filter(None, (piece.strip() for piece in style.split(";"))):
        name, _, value = part.partition(":")
        name, value = name.strip(), value.strip()
        if name == "font":
            match = FONT.fullmatch(value)
            if match:
                declarations += [("font-size", match[2])]
                if match[1] and match[1] != "italic":
                    declarations += [("font-weight", match[1])]
        elif name != "font-family":
            declarations.append((name, value))
    return tuple(declarations)
