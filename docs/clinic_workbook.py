"""Makes ``examples/clinic_workbook.xlsx``: a workbook as a clinic keeps one (synthetic).

The same content every time: values are computed without chance, and the file holds no time of
writing. Run it from the top folder: ``python docs/clinic_workbook.py``.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font

TARGET = Path(__file__).resolve().parent.parent / "examples" / "clinic_workbook.xlsx"
NEVER = "2026-01-01T00:00:00Z"
# Region, volume in mL, concentration at the injection in Bq/mL, effective half-life in h.
REGIONS = (
    ("Left kidney", 168, 452_000, 51.0),
    ("Right kidney", 161, 438_000, 52.5),
    ("Liver", 1640, 58_000, 61.0),
    ("Spleen", 195, 331_000, 66.0),
    ("Lesion 1", 21.5, 2_150_000, 88.0),
    ("Lesion 2", 8.4, 1_480_000, 81.0),
)
CYCLES = (
    (1, 7380, dt.datetime(2026, 1, 12, 9, 40), 1.00),
    (2, 7410, dt.datetime(2026, 3, 9, 10, 5), 0.94),
)
SCANS = ((0, 14, 5), (1, 10, 20), (4, 9, 45), (7, 11, 30))  # days after the injection, hour, minute
UNEVEN = (1.02, 0.97, 1.01, 1.03, 0.98, 0.99, 1.00)  # of measured values, in turn
BLOOD = ((0.5, 412.0), (1.0, 296.0), (4.0, 98.4), (24.0, 11.7), (48.0, 5.9))
LABS = (
    (dt.date(2026, 1, 9), 231, 3.4, 12.9, 71),
    (dt.date(2026, 2, 9), 176, 2.6, 12.1, 74),
    (dt.date(2026, 3, 6), 204, 2.9, 12.4, 73),
)


def workbook() -> Workbook:
    """Return the workbook."""
    book = Workbook()
    _patient(book.active)
    for number, activity, injection, share in CYCLES:
        _cycle(book.create_sheet(f"Cycle {number}"), number, activity, injection, share)
    _table(
        book.create_sheet("Blood C1"),
        ["Time p.i. [h]", "Conc. (kBq/ml)"],
        [list(row) for row in BLOOD],
    )
    head = [
        "Date",
        "Platelets [10^9/L]",
        "Neutrophils [10^9/L]",
        "Hb [g/dL]",
        "Creatinine [µmol/L]",
    ]
    _table(book.create_sheet("Labs"), head, [list(row) for row in LABS])
    book.create_sheet("Notes").append(["Contours by S. Example, checked by the physicist."])
    return book


def _patient(sheet: Any) -> None:
    sheet.title = "Patient"
    for row in (
        ["Dosimetry 177Lu-DOTATATE"],
        [],
        ["Patient ID", "EX-010"],
        ["Sex", "female"],
        ["Date of birth", dt.date(1961, 5, 2)],
        ["Weight [kg]", 68.5],
        ["Height [cm]", 166],
        ["Radiopharmaceutical", "177Lu-DOTATATE"],
    ):
        sheet.append(row)
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["B5"].number_format = "dd.mm.yyyy"


def _cycle(sheet: Any, number: int, activity: int, injection: dt.datetime, share: float) -> None:
    """Fill the sheet of a cycle: labels on top, then one block of rows for each scan."""
    sheet.append([f"SPECT/CT dosimetry, cycle {number}"])
    sheet.append(["Injected activity [MBq]", activity, None, "Scanner", "SPECT/CT 2"])
    sheet.append(["Injection", injection.date(), injection.time()])
    sheet.append([])
    sheet.append(["Scan date", "Scan time", "ROI", "Vol. (ml)", "Mean (Bq/ml)", "Max (Bq/ml)"])
    for cell in sheet[5]:
        cell.font = Font(bold=True)
    turn = number
    for days, hour, minute in SCANS:
        at = dt.datetime.combine(injection.date(), dt.time(hour, minute)) + dt.timedelta(days=days)
        hours = (at - injection).total_seconds() / 3600
        first = sheet.max_row + 1
        for name, volume, start, half_life in REGIONS:
            mean = start * share * 0.5 ** (hours / half_life) * UNEVEN[turn % len(UNEVEN)]
            turn += 1
            sheet.append([at.date(), at.time(), name, volume, _rounded(mean), _rounded(2 * mean)])
        for column in "AB":  # one date and one time for the whole block
            sheet.merge_cells(f"{column}{first}:{column}{sheet.max_row}")
        sheet[f"A{first}"].number_format = "dd.mm.yyyy"
        sheet[f"B{first}"].number_format = "hh:mm"
    sheet["B3"].number_format, sheet["C3"].number_format = "dd.mm.yyyy", "hh:mm"


def _rounded(value: float) -> int:
    """Return a value with three significant digits."""
    return int(float(f"{value:.3g}"))


def _table(sheet: Any, head: list[str], rows: list[list[Any]]) -> None:
    sheet.append(head)
    for row in rows:
        sheet.append(row)


def content() -> bytes:
    """Return the file, without the times that openpyxl and zip write into it."""
    raw = io.BytesIO()
    workbook().save(raw)
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as archive, zipfile.ZipFile(out, "w") as copy:
        for name in archive.namelist():
            part = archive.read(name)
            if name == "docProps/core.xml":
                part = re.sub(rb"(W3CDTF\">)[^<]*(<)", rb"\g<1>" + NEVER.encode() + rb"\g<2>", part)
            copy.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()


if __name__ == "__main__":
    TARGET.write_bytes(content())
