"""Text that a spreadsheet shows and does not compute: nobody's id is anybody's formula."""

from __future__ import annotations

import re

# As the page of OWASP on CSV injection lists them; the wide forms are taken for the narrow ones.
FORMULA = tuple("=+-@\t\r\n\0＝＋－＠")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def spreadsheet_safe(text: str) -> str:
    r"""Return the text of a cell with an apostrophe before what could begin a formula.

    Numbers stay as they are, written as text too. For cells of a CSV file: the apostrophe belongs
    to the cell, and a program that reads the file takes it off again.

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
