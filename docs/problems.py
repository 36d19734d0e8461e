"""What ``problems.md`` takes from the code when it is built: every code, its messages, its words.

The codes and the templates of their messages are read from the calls of ``Problem`` and ``refuse``
in ``dosimetry``; meaning, reason and what to do stand in ``problem_codes.csv``. A code without a
row, or a row without a code, fails. Numbers come from table ``defaults``.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CODES = "<!-- problem codes -->"
MAKERS = ("Problem", "refuse")
OPEN = "…"  # stands in a template for what the program fills in
EFFECTS = {
    "refused": "Refused",
    "warning": "Warning",
    "difference": "Difference found by `dosimetry verify`",
}


class Call(NamedTuple):
    """A place in the code that makes a problem."""

    code: str
    message: str
    refuses: bool


def on_page_markdown(text: str, **_: Any) -> str:
    """Fill in the codes."""
    return text.replace(CODES, entries()) if CODES in text else text


def entries() -> str:
    """Return the entries of all codes, by group, as Markdown.

    Raises
    ------
    ValueError
        A code without words, or words without a code.
    """
    words, found = rows(), calls()
    if set(found) != set(words):
        missing, left = sorted(set(found) - set(words)), sorted(set(words) - set(found))
        raise ValueError(f"docs/problem_codes.csv: add {missing}, remove {left}")
    parts = []
    for group in dict.fromkeys(row["group"] for row in words.values()):
        parts.append(f"## {group}")
        ours = sorted(code for code, row in words.items() if row["group"] == group)
        parts += [entry(words[code], [call.message for call in found[code]]) for code in ours]
    return "\n\n".join(parts)


def entry(row: dict[str, str], messages: list[str]) -> str:
    """Return the entry of one code."""
    effects = " or ".join(EFFECTS[effect] for effect in row["effect"].split(";"))
    templates = dict.fromkeys(one for one in map(shown, messages) if re.search(r"\w{3}", one))
    lines = [
        f"### `{row['code']}`",
        f"*{effects}.* {filled(row['meaning'])}",
        f"**Why it matters:** {filled(row['why'])}",
        f"**What to do:** {filled(row['what_to_do'])}",
    ]
    if templates:
        lines.append("**Message:** " + "; ".join(f"“{one}”" for one in templates))
    return "\n\n".join(lines)


def rows() -> dict[str, dict[str, str]]:
    """Return the words on each code."""
    with (ROOT / "docs" / "problem_codes.csv").open(encoding="utf-8", newline="") as stream:
        return {row["code"]: row for row in csv.DictReader(stream)}


def filled(text: str) -> str:
    """Return a text with ``{name}`` replaced by the value of that row of table ``defaults``."""
    from dosimetry.reference import tables

    defaults = {row["name"]: row for row in tables.table("defaults").rows}

    def value(found: re.Match[str]) -> str:
        number, unit = defaults[found[1]]["value"], defaults[found[1]]["unit"]
        return number if unit == "1" else f"{number} {'weeks' if unit == 'week' else unit}"

    return re.sub(r"\{(\w+)\}", value, text)


def shown(template: str) -> str:
    """Return a template of a message as Markdown text."""
    plain = re.sub(rf"{OPEN}(\s*{OPEN})+", OPEN, " ".join(template.split()))
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", plain)


def calls() -> dict[str, list[Call]]:
    """Return the calls that make a problem, by code."""
    found: dict[str, list[Call]] = {}
    for path in sorted((ROOT / "dosimetry").rglob("*.py")):
        if path.name == "problems.py":  # defines the two
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for call in _made(node, node.func.id, f"{path.relative_to(ROOT)}:{node.lineno}"):
                    found.setdefault(call.code, []).append(call)
    return found


def _made(node: ast.Call, name: str, place: str) -> Iterator[Call]:
    """Yield what a call makes; nothing where it passes on the code of another problem."""
    if name not in MAKERS or not node.args:
        return
    code = node.args[0]
    if isinstance(code, ast.Attribute) and code.attr == "code":
        return
    for one in (code.body, code.orelse) if isinstance(code, ast.IfExp) else (code,):
        if not isinstance(one, ast.Constant):
            raise ValueError(f"{place}: write the code of a problem as a text")
        for message in alternatives(node.args[1]):
            yield Call(one.value, message, name == "refuse")


def alternatives(node: ast.expr) -> list[str]:
    """Return the texts that an expression may give, with a sign for what is filled in."""
    if isinstance(node, ast.Constant):
        return [f"{node.value}"]
    if isinstance(node, ast.IfExp):
        return [*alternatives(node.body), *alternatives(node.orelse)]
    if isinstance(node, ast.BinOp):
        return [a + b for a in alternatives(node.left) for b in alternatives(node.right)]
    if isinstance(node, ast.JoinedStr):
        parts = [one.value if isinstance(one, ast.Constant) else OPEN for one in node.values]
        return ["".join(map(str, parts))]
    return [OPEN]
