"""Escape cells that a spreadsheet would run as a formula (OWASP, CSV injection)."""

from __future__ import annotations

import re

# From the OWASP page on CSV injection; spreadsheets read full-width signs like the others.
FORMULA = tuple("=+-@\t\r\n\0＝＋－＠")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def spreadsheet_safe(text: str) -> str:
    r"""Return the text of a cell, with an apostrophe in front where it could begin a formula.

    Numbers stay as they are, also those written as text. The apostrophe belongs to the cell of the
    CSV file: a program that reads the file must take it off.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> spreadsheet_safe('=HYPERLINK("http://example.org")')
    '\'=HYPERLINK("http://example.org")'
    >>> spreadsheet_safe("P-001"), spreadsheet_safe("-4.5"), spreadsheet_safe("-P")
    ('P-001', '-4.5', "'-P")
    """
    if text.startswith(FORMULA) and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text
