"""What a workbook leaves open is refused with both readings, and one line of the map settles it."""

import copy
import datetime as dt
from dataclasses import dataclass, field

import pytest
from workbooks import GIVEN, LONG, save, stated

from dosimetry.intake.decide import put
from dosimetry.intake.interpret import interpret
from dosimetry.intake.workbook import read_book

HEAD, *BODY = LONG
NINE, NOON = dt.time(9, 30), dt.datetime(2026, 1, 13, 12, 0)
START = dt.datetime(2026, 1, 12, 9, 30)


@dataclass
class Case:
    """A file, the map that settles all but one thing, and the readings that are named."""

    code: str
    readings: tuple
    content: object  # rows of the sheet "C1", sheets by name, or the text of a CSV file
    data: dict = field(default_factory=lambda: stated("C1"))
    prepare: object = None

    def file(self, folder):
        if isinstance(self.content, str):
            path = folder / "C1.csv"
            path.write_text(self.content, encoding="utf-8")
            return path
        sheets = self.content if isinstance(self.content, dict) else {"C1": self.content}
        return save(folder / "clinic.xlsx", sheets, prepare=self.prepare)


def column(header, *values):
    """Return the table with one more column."""
    return [[*HEAD, header], *([*row, value] for row, value in zip(BODY, values, strict=True))]


def third(header, *values):
    """Return the table with another column of values in place of the activity."""
    rows = zip(BODY, values or (80, 60), strict=True)
    return [[*HEAD[:2], header], *([*row[:2], value] for row, value in rows)]


def second(header, *values, more=(), rest=()):
    """Return the table with another column of times."""
    table = [["Region", header, *more, "Activity [MBq]"]]
    for (name, _, activity), value, beside in zip(BODY, values, rest or ((), ()), strict=True):
        table.append([name, value, *beside, activity])
    return table


def region(name):
    """Return the table with another region."""
    return [HEAD, [name, 4, 80], [name, 24, 60]]


def labelled(*labels):
    """Return the table below labels."""
    return [*map(list, labels), [], *LONG]


def without(data, *path):
    """Return a map without one of its entries."""
    data = copy.deepcopy(data)
    *outer, last = path
    inner = data
    for key in outer:
        inner = inner[key]
    del inner[last]
    return data


def hide_row(book):
    book["C1"].row_dimensions[3].hidden = True


def hide_column(book):
    book["C1"].column_dimensions["C"].hidden = True


def hide_sheet(book):
    book["C2"].sheet_state = "hidden"


def show_in_thousands(book):
    book["C1"]["C2"].number_format = "0.0,"


BARE = stated("C1")
NO_ZONE = stated(cycles={"C1": {**GIVEN, "at": "2026-01-12T09:30:00+01:00"}})
CASES = {
    # columns
    "two activities": Case(
        "ambiguous-column",
        ("'Activity [MBq]'", "'Activity DC [MBq]'", "decay-corrected"),
        column("Activity DC [MBq]", 81, 66),
    ),
    "activity and concentration": Case(
        "ambiguous-column",
        ("'Activity [MBq]'", "'Conc. [kBq/mL]'"),
        column("Conc. [kBq/mL]", 50, 40),
    ),
    "two times": Case(
        "ambiguous-column",
        ("'Time [h]'", "'Date and time'"),
        column("Date and time", NOON, NOON),
    ),
    "two regions": Case(
        "ambiguous-column", ("'Region'", "'Organ'"), column("Organ", "Liver", "Spleen")
    ),
    "two volumes": Case(
        "ambiguous-column",
        ("'VOI volume [mL]'", "'CT volume [mL]'"),
        [[*HEAD, "VOI volume [mL]", "CT volume [mL]"], ["Liver", 4, 80, 1700, 1650]],
    ),
    "two sds": Case(
        "ambiguous-column",
        ("'SD [MBq]'", "'Uncertainty [%]'"),
        [[*HEAD, "SD [MBq]", "Uncertainty [%]"], ["Liver", 4, 80, 8, 5]],
    ),
    "dose in MBq": Case("ambiguous-column", ("activity", "administered"), third("Dose [MBq]")),
    "recovery factor": Case(
        "ambiguous-column", ("divides", "multiplies"), column("Recovery factor", 1.2, 1.2)
    ),
    "std": Case("ambiguous-column", ("standard deviation", "hours"), column("Std", 4, 4)),
    "clock or lapse": Case(
        "ambiguous-column",
        ("time after injection", "time of day"),
        second("Time", NINE, dt.time(13, 0)),
    ),
    "clock or lapse as text": Case(
        "ambiguous-column",
        ("time after injection", "time of day"),
        "Region,Time,Activity [MBq]\nLiver,9:30,80\nLiver,13:00,60\n",
    ),
    "scan time of day": Case(
        "ambiguous-column",
        ("time after injection", "time of day"),
        second("Scan time [h]", NINE, dt.time(13, 0)),
    ),
    "mean without unit": Case(
        "ambiguous-column", ("an activity", "a concentration"), third("Mean")
    ),
    "uptake without unit": Case(
        "ambiguous-column", ("an activity", "a concentration"), third("Uptake")
    ),
    "region without unit": Case(
        "no-unit",
        ("an activity", "a concentration"),
        [["Time [h]", "Liver", "Spleen [MBq]"], [4, 80, 20], [24, 60, 15]],
    ),
    "time without unit": Case(
        "no-unit",
        ("an activity", "a concentration"),
        [["Region", "4 h", "24 h [MBq]"], ["Liver", 80, 60]],
    ),
    "counts": Case(
        "ambiguous-column", ("no activity", "a remark"), column("Total counts", 8000, 6000)
    ),
    "counts per second": Case("counts", ("no activity", "remark"), column("Rate [cps]", 80, 60)),
    "unknown numbers": Case(
        "ambiguous-column", ("a value of the scans", "a remark"), column("Zuschlag", 2, 3)
    ),
    "unknown numbers in MBq": Case(
        "ambiguous-column", ("activity", "residual"), column("Zuschlag [MBq]", 2, 3)
    ),
    "numbers without a header": Case(
        "ambiguous-column",
        ("'column C'", "a remark"),
        [["Region", "Time [h]", None, "Activity [MBq]"], ["Liver", 4, 7, 80]],
    ),
    # units
    "mbq": Case("ambiguous-unit", ("mBq", "MBq"), third("Activity [mbq]")),
    "MBQ": Case("ambiguous-unit", ("mBq", "MBq"), third("Activity (MBQ)")),
    "mci": Case("ambiguous-unit", ("mCi", "MCi"), third("Act. [mci]")),
    "Bq/ML": Case("ambiguous-unit", ("Bq/ML", "Bq/mL"), third("Concentration [Bq/ML]")),
    "percent of what": Case(
        "ambiguous-unit", ("administered activity", "something else"), third("Activity [%]")
    ),
    "activity without unit": Case("no-unit", ("MBq", "kBq"), third("Activity")),
    "concentration without unit": Case("no-unit", ("Bq/mL", "kBq/mL"), third("Concentration")),
    "time in numbers": Case("no-unit", ("h", "d"), second("Time", 4, 24)),
    "time p.i. in numbers": Case("no-unit", ("h", "d"), second("Time p.i.", 4, 24)),
    "volume without unit": Case("no-unit", ("mL", "L"), column("Volume", 1700, 1700)),
    "sd without unit": Case("no-unit", ("MBq", "%"), column("SD", 5, 5)),
    "unit of another kind": Case(
        "unit-does-not-fit", ("the unit", "the meaning"), third("Activity [mL]")
    ),
    "unit that does not exist": Case(
        "unit-does-not-fit", ("the unit", "the meaning"), third("Activity [Bq/px]")
    ),
    "G/l": Case(
        "ambiguous-unit",
        ("1e9/L", "g/L"),
        {"C1": LONG, "Labs": [["Date", "Platelets [G/l]"], [dt.date(2026, 1, 10), 212]]},
    ),
    "haemoglobin without unit": Case(
        "no-unit",
        ("g/dL", "mmol/L"),
        {"C1": LONG, "Labs": [["Date", "Hb"], [dt.date(2026, 1, 10), 8.1]]},
    ),
    "weight without unit": Case("no-unit", ("kg", "g"), labelled(("Weight", 80))),
    "administered without unit": Case(
        "no-unit",
        ("MBq", "GBq"),
        labelled(("Administered activity", 7.4), ("Injection", START)),
        stated(),
    ),
    # numbers
    "point among decimal commas": Case(
        "ambiguous-number", ("1234", "1.234"), third("Activity [MBq]", "80,5", "1.234")
    ),
    "comma alone": Case(
        "ambiguous-number", ("1234", "1.234"), third("Activity [MBq]", "1,234", "900")
    ),
    "thousands with semicolons": Case(
        "ambiguous-number",
        ("196000", "196.000"),
        "Region;Time [h];Activity [MBq]\nLiver;4;196.000\nLiver;24;150\n",
    ),
    "shown in thousands": Case(
        "ambiguous-number",
        ("80000", "in thousands"),
        third("Activity [MBq]", 80000, 60),
        prepare=show_in_thousands,
    ),
    # dates
    "day or month": Case(
        "ambiguous-date",
        ("2026-02-01", "2026-01-02"),
        second("Date and time", "01/02/2026 13:30", "13/02/2026 9:45"),
        stated(cycles={"C1": {**GIVEN, "at": "2026-01-01T09:30:00"}}),
    ),
    "day or month in a label": Case(
        "ambiguous-date",
        ("2026-01-12", "2026-12-01"),
        labelled(("Administered activity [MBq]", 7400), ("Injection", "12.01.2026 09:30")),
        stated(),
    ),
    "day or month in a CSV": Case(
        "ambiguous-date",
        ("2026-01-12", "2026-12-01"),
        "Region;Date;Clock;Activity [MBq]\nLiver;12.01.2026;13:30;80,5\n",
    ),
    "year of two digits": Case(
        "ambiguous-date",
        ("2026", "2012"),
        second("Date and time", "12.01.26 13:30", "13.01.26 09:45"),
    ),
    "zone of some times": Case(
        "no-time-zone",
        ("local time", "UTC"),
        second("Date and time", START + dt.timedelta(hours=4), NOON),
        NO_ZONE,
    ),
    "time of day of what": Case(
        "time-without-date",
        ("of the injection", "of a scan"),
        labelled(("Administered activity [MBq]", 7400), ("Injection time", NINE)),
        stated(),
    ),
    "hour that is repeated": Case(
        "changed-clocks",
        ("+02:00", "+01:00"),
        second("Date and time", dt.datetime(2026, 10, 25, 2, 30), dt.datetime(2026, 10, 26, 9, 0)),
        stated(
            time_zone="Europe/Berlin", cycles={"C1": {**GIVEN, "at": "2026-10-24T09:30:00+02:00"}}
        ),
    ),
    # regions
    "kidney": Case("ambiguous-region", ("kidney_left", "kidneys"), region("Kidney")),
    "kidney cortex": Case("ambiguous-region", ("cortex", "whole"), region("kidney_cortex")),
    "heart": Case("ambiguous-region", ("heart_wall", "heart_contents"), region("Heart")),
    "heart in a header": Case(
        "ambiguous-region",
        ("heart_wall", "heart_contents"),
        [["Time [h]", "Heart [MBq]", "Liver [MBq]"], [4, 10, 80], [24, 8, 60]],
    ),
    "blood": Case("ambiguous-region", ("samples of blood", "heart_contents"), region("Blood")),
    "one adrenal": Case("ambiguous-region", ("one", "adrenals"), region("adrenal_gland_left")),
    "vertebra": Case("ambiguous-region", ("red_marrow", "trabecular_bone"), region("vertebrae_L3")),
    "L3": Case("ambiguous-region", ("vertebra", "tumour_3"), region("L3")),
    "lobe": Case("ambiguous-region", ("lobe", "lungs"), region("lung_upper_lobe_left")),
    "slip of the pen": Case("ambiguous-region", ("'Livr'", "liver"), region("Livr")),
    "tumour of two names": Case(
        "tumour-of-two-names",
        ("'Lesion_1'", "'Tumour_1'"),
        [HEAD, ["Lesion_1", 4, 80], ["Tumour_1", 24, 60]],
    ),
    "tumour of two names in headers": Case(
        "tumour-of-two-names",
        ("'Lesion 1'", "'Tumour 1'"),
        [["Time [h]", "Lesion 1 [MBq]", "Tumour 1 [MBq]"], [4, 80, None], [24, None, 20]],
    ),
    "tumour of two names, one in the map": Case(
        "tumour-of-two-names",
        ("'Lesion_1'", "'Tumour_1'"),
        [HEAD, ["Lesion_1", 4, 80], ["Tumour_1", 24, 60]],
        stated("C1", regions={"Lesion_1": "tumour_1"}),
    ),
    "blank region": Case(
        "blank-name", ("the one above", "none"), [HEAD, ["Liver", 4, 80], [None, 24, 60]]
    ),
    # sheets and cycles
    "sheets without numbers": Case(
        "cycle-of-sheet", ("'1'", "'2'"), {"Anna": LONG, "Berta": LONG}, stated()
    ),
    "blood of which cycle": Case(
        "cycle-of-sheet",
        ("'C1'", "'C2'"),
        {"C1": LONG, "C2": LONG, "Blood": [["Time [h]", "Conc [kBq/mL]"], [1, 300]]},
        stated("C1", cycles={"C2": {**GIVEN, "at": "2026-03-09T09:30:00"}}),
    ),
    "blood or one region": Case(
        "unclear-table",
        ("blood samples", "one region"),
        {"C1": LONG, "Sheet2": [["Time [h]", "Conc [kBq/mL]"], [1, 300]]},
    ),
    "hidden row": Case("hidden-cells", ("belong to the data", "put aside"), LONG, prepare=hide_row),
    "hidden column": Case(
        "hidden-cells", ("belong to the data", "put aside"), LONG, prepare=hide_column
    ),
    "hidden sheet": Case(
        "hidden-cells",
        ("belong to the data", "put aside"),
        {"C1": LONG, "C2": LONG},
        stated("C1", cycles={"C2": {**GIVEN, "at": "2026-03-09T09:30:00"}}),
        hide_sheet,
    ),
    "number beside the table": Case(
        "stray-number", ("belong to the data", "a remark"), [*LONG, [], [None, None, None, 17.5]]
    ),
    # facts
    "net of the residual": Case(
        "net-or-prepared",
        ("the net activity", "before"),
        labelled(
            ("Administered activity [MBq]", 7400),
            ("Residual activity [MBq]", 60),
            ("Injection", START),
        ),
        stated(),
    ),
    "two activities of a cycle": Case(
        "two-values",
        ("7400 MBq", "7210 MBq"),
        labelled(
            ("Administered activity [MBq]", 7400),
            ("Injected activity [MBq]", 7210),
            ("Injection", START),
        ),
        stated(),
    ),
    "decay reference": Case(
        "no-decay-reference",
        ("none", "administration"),
        LONG,
        without(BARE, "decay_corrected_to"),
    ),
    "decay corrected to what": Case(
        "ambiguous-word",
        ("none", "administration"),
        labelled(("Decay corrected", "yes")),
        without(BARE, "decay_corrected_to"),
    ),
    "sex": Case(
        "ambiguous-word",
        ("male", "female"),
        labelled(("Sex", "u")),
        without(BARE, "patient", "sex"),
    ),
    "sex not stated": Case("not-stated", ("male", "female"), LONG, without(BARE, "patient", "sex")),
    "patient": Case(
        "ambiguous-label",
        ("patient id", "name"),
        labelled(("Patient", "Doe")),
        without(BARE, "patient", "id"),
    ),
    "unknown label": Case(
        "ambiguous-label",
        ("value of the patient or cycle", "remark"),
        labelled(("Calibration factor", 9.2)),
    ),
    "map against the sheet": Case(
        "map-differs", ("7210 MBq", "7.4 GBq"), labelled(("Administered activity [MBq]", 7210))
    ),
    "unit of the cell": Case(
        "unit-differs", ("kBq", "MBq"), third("Activity [MBq]", "80 kBq", "60")
    ),
    "two quantities of a region": Case(
        "ambiguous-column",
        ("'Activity [MBq]'", "'Conc [kBq/mL]'"),
        [["ROI", "Time [h]", "Activity [MBq]", "Conc [kBq/mL]"], ["Liver", 4, 80, 50]],
    ),
    "numbers of cycles against their dates": Case(
        "cycles-out-of-order",
        ("'C1'", "'C2'"),
        {"C1": LONG, "C2": LONG},
        stated("C1", cycles={"C2": {**GIVEN, "at": "2025-11-17T09:30:00"}}),
    ),
    "title against the name of the sheet": Case(
        "cycle-of-sheet", ("'C1'", "'Cycle 2'"), labelled(("Cycle 2",))
    ),
    "decay-corrected by its header": Case(
        "map-differs", ("'Activity DC [MBq]'", "none"), third("Activity DC [MBq]")
    ),
    "two patients": Case(
        "several-patients", ("'A-1'", "'B-2'"), column("Patient ID", "A-1", "B-2")
    ),
    "volume of which region": Case(
        "ambiguous-column",
        ("'Liver'", "'Spleen'"),
        [["Time [h]", "Liver [MBq]", "Spleen [MBq]", "Volume [mL]"], [4, 80, 20, 1700]],
    ),
    "blood as counted or corrected": Case(
        "blood-decay-reference",
        ("administration", "none"),
        {"C1": LONG, "Blood C1": [["Time [h]", "Conc [kBq/mL]"], [1, 300]]},
        {**stated("C1"), "decay_corrected_to": "administration"},
    ),
    "one header twice": Case(
        "ambiguous-column",
        ("'Activity [MBq]'", "'Activity [MBq] (column D)'"),
        column("Activity [MBq]", 81, 61),
    ),
    "header unit against the map": Case(
        "map-differs", ("'MBq'", "'GBq'"), LONG, stated("C1", units={"Activity [MBq]": "GBq"})
    ),
    "unknown analyte": Case(
        "unknown-analyte",
        ("analyte", "another value"),
        {
            "C1": LONG,
            "Labs": [
                ["Date", "Parameter", "Value", "Unit"],
                [dt.date(2026, 1, 10), "Ferritin", 80, "g/L"],
            ],
        },
    ),
}


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """Return the reader of a case's file, which is written and read once."""
    read = {}

    def book(name):
        if name not in read:
            read[name] = read_book(CASES[name].file(tmp_path_factory.mktemp("case")))
        return read[name]

    return book


@pytest.mark.parametrize("name", CASES)
def test_what_is_open_is_refused_with_both_readings(name, books):
    case = CASES[name]
    result = interpret(books(name), case.data)
    assert result.log.open()
    assert not result.files
    problems = result.log.refusal().problems
    assert {problem.code for problem in problems} == {case.code}
    text = "\n".join(map(str, problems))
    assert all(reading in text for reading in case.readings), text
    assert all(problem.place and problem.cure for problem in problems)


@pytest.mark.parametrize("name", CASES)
def test_a_line_of_the_map_settles_it(name, books):
    data = copy.deepcopy(CASES[name].data)
    first = interpret(books(name), data).log.questions
    for question in first:
        for answer in question.answers[:1]:
            put(data, answer.path, answer.value)
        if question.path:
            put(data, question.path, question.example)
    left = interpret(books(name), data).log.questions
    assert not {question.problem for question in first} & {question.problem for question in left}


def test_sixty_and_more_kinds_are_refused():
    assert len(CASES) > 60
