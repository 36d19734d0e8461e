"""Tables as programs write them: separators, headers, blank columns, thousands."""

import pytest

from dosimetry import InputError
from dosimetry.patient.measurements.read import read_measurements
from dosimetry.patient.measurements.rows import Context

ROWS = (("kidneys", "4", "196.2"), ("kidneys", "24", "150.4"), ("kidneys", "72", "76.5"))
FOUND = [(float(time), float(value)) for _, time, value in ROWS]


def table(separator, header="region,time [h],activity [MBq]", rows=ROWS, first="", tail=""):
    lines = [header.replace(",", separator), *(separator.join(row) for row in rows)]
    return first + "".join(f"{line}{tail}\n" for line in lines)


def comma(text):
    return text.replace(".", ",")


def read(folder, text, **context):
    (folder / "m.csv").write_text(text, encoding="utf-8")
    return read_measurements("m.csv", folder, Context(**context))


def points(folder, text):
    return [(scan.time, scan.value) for scan in read(folder, text).scans]


def refused(folder, text, **context):
    with pytest.raises(InputError) as caught:
        read(folder, text, **context)
    return caught.value.problems


# The sheet of a German, French or Swedish computer (public reports: SheetJS #2239,
# mr-data-converter #52, ng-csv #28), and variants of it.
AS_EXCEL_WRITES = {
    "semicolons and decimal commas": comma(table(";")),
    "first line sep=;": comma(table(";", first="sep=;\n")),
    "first line quoted": comma(table(";", first='"sep=;"\r\n')),
    "first line sep=, of an English Excel": table(",", first="sep=,\n"),
    "first line SEP and a tab": comma(table("\t", first="SEP=\t\n")),
    "empty columns at the end": comma(table(";", tail=";;")),
    "empty columns after commas": table(",", tail=",,,"),
    "a separator that the first line names": table("|", first="sep=|\n"),
    "blank lines above the header": "\n \n" + table(","),
    "tabs": table("\t"),
    "tabs and decimal commas": comma(table("\t")),
    "an empty column in the middle": "region,,time [h],activity [MBq]\n"
    + "".join(f"{region},,{time},{value}\n" for region, time, value in ROWS),
    "a column of notes": "region,time [h],activity [MBq],Note\n"
    + "".join(f"{region},{time},{value},seen\n" for region, time, value in ROWS),
    "capitals": table(",", header="REGION,Time [h],ACTIVITY [MBq]"),
    "blanks and underscores": table(",", header=" Region , time  [h] ,_activity_[MBq]"),
    "units in parentheses": table(",", header="region,time (h),activity (MBq)"),
    "rows of separators between scans": table(",").replace("\n", "\n,,\n"),
}


@pytest.mark.parametrize("text", AS_EXCEL_WRITES.values(), ids=AS_EXCEL_WRITES)
def test_a_table_is_read_as_the_spreadsheet_meant_it(tmp_path, text):
    assert points(tmp_path, text) == FOUND


REFUSED = {
    "German thousands": (table(";").replace("196.2", "196.000"), "196000 or 196"),
    "German thousands with decimals": (comma(table(";")).replace("196,2", "196.000,5"), "196000.5"),
    "English thousands": (table(",").replace("196.2", '"98,100.5"'), "98100.5"),
    "thousands, or decimals in quotes": (table(",").replace("196.2", '"75,200"'), "75.200"),
    "a comma that may be thousands": (table(";").replace("196.2", "196,200"), "196200 or 196.2"),
    "tabs and a point": (table("\t").replace("196.2", "1.234"), "1234 or 1.2340"),
    "a cell below no header": (table(",").replace("196.2", "196.2,7"), "';'"),
    "a cell in the empty column": (table(",", tail=",").replace("196.2,", "196.2,7"), "clear"),
    "an unknown separator": (f"sep=x\n{table('x')}", "semicolons, tabs, commas"),
}


@pytest.mark.parametrize(("text", "cure"), REFUSED.values(), ids=REFUSED)
def test_a_number_or_cell_in_doubt_is_refused(tmp_path, text, cure):
    problem = refused(tmp_path, text)[0]
    assert problem.place.startswith("m.csv:")
    assert cure in f"{problem.message} {problem.cure}"


def test_two_spellings_of_one_column_are_refused(tmp_path):
    text = "region,time [h],Activity [MBq],ACTIVITY (kBq)\nliver,4,80,80000\n"
    (problem,) = refused(tmp_path, text)
    assert (problem.code, problem.place) == ("column-twice", "m.csv:1")


def test_the_line_of_a_problem_counts_the_line_sep(tmp_path):
    text = "sep=;\n" + table(";").replace("72", "x")
    (problem,) = refused(tmp_path, text)
    assert problem.place == "m.csv:5: time [h]"
