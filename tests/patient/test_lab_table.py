"""Tables of laboratory values: long or wide, in the notations of CSV, or as a DataFrame."""

import datetime as dt
import hashlib

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dosimetry
from dosimetry import InputError, Patient
from dosimetry.file_kinds import kind_of_text
from dosimetry.patient.lab_table import MOST_PROBLEMS, MOST_VALUES, read_labs

LONG = """\
at,analyte,value,unit
2026-01-10,PLT,212,K/uL
2026-01-10,Hgb,13.8,g/dL
2026-01-10,INR,1.1,
2026-03-01,PLT,98,K/uL
2026-03-01,Hgb,,g/dL
"""
WIDE = """\
at,PLT [K/uL],Hgb [g/dL],INR
2026-01-10,212,13.8,1.1
2026-03-01,98,,
"""
# What both tables say, in canonical units.
SAID = {
    dt.date(2026, 1, 10): {"platelets": 212.0, "haemoglobin": 13.8, "INR": 1.1},
    dt.date(2026, 3, 1): {"platelets": 98.0},
}
PATIENT = """\
patient: {id: L-1, sex: M, age: 60 y, weight: 176 lb}
therapy: {regimen: netter-1}
cycles:
  - {administered: 7.2 GBq, at: 2026-01-12}
labs: labs.csv
"""


@pytest.fixture
def table(tmp_path):
    """Return a function that writes a table and reads it."""

    def read(text):
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "labs.csv").write_bytes(data)
        return read_labs("labs.csv", tmp_path)

    return read


def values(draws):
    return {draw.at: {name: lab.value for name, lab in draw.values.items()} for draw in draws}


def refused(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return [(p.code, str(p.place), f"{p.message}. {p.cure}") for p in caught.value.problems]


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        WIDE,
        LONG.replace("at,analyte,value,unit", " AT ,Analyte,VALUE,Unit"),
        WIDE.replace("at,PLT [K/uL],Hgb [g/dL],INR", "At,Platelet count[10*9/L],HB [ g/dL ],inr"),
        LONG.replace("\n", "\r\n"),
        "\ufeff" + WIDE,
        "\n\n" + WIDE,
        "sep=,\n" + LONG,
        "SEP=;\r\n" + WIDE.replace(",", ";").replace("\n", "\r\n"),
        LONG.replace(",", ";"),
        LONG.replace(",", "\t"),
        "sep=|\n" + LONG.replace(",", "|"),
        WIDE.replace(",", ";").replace("13.8", "13,8").replace("1.1", "1,1"),
        WIDE.replace(",", "\t").replace("13.8", "13,8").replace("1.1", "1,1"),
        LONG.replace("\n", ",,\n"),
        WIDE.replace(",", ";").replace("\n", ";;\n"),
        WIDE.replace("\n", "\n,,,\n"),
        "".join(f"{','.join(reversed(line.split(',')))}\n" for line in LONG.splitlines()),
        LONG.replace("K/uL", "G/L").replace(",13.8,g/dL", ",138,g/L"),
        LONG.replace("212,K/uL", '"212",K/uL'),
        "at,PLT,Hgb,INR\n2026-01-10,212 K/uL,13.8 g/dL,1.1\n2026-03-01,98000 /mm3,,\n",
        "at,analyte,value\n2026-01-10,PLT,212 K/uL\n2026-01-10,Hgb,138 g/L\n2026-01-10,INR,1.1\n"
        "2026-03-01,PLT,98 G/L\n",
    ],
)
def test_table_reads_the_same_in_every_notation(table, text):
    read = values(table(text))
    assert read.keys() == SAID.keys()
    for at, said in SAID.items():
        assert read[at] == pytest.approx(said, rel=1e-14)


def test_values_of_one_time_are_one_sample(table):
    draws = table(
        "at,analyte,value,unit\n"
        "2026-01-10T08:00:00+01:00,PLT,212,K/uL\n"
        "2026-01-10T07:00:00+00:00,Hgb,13.8,g/dL\n"
        "2026-01-10T18:00:00+01:00,PLT,200,K/uL\n"
    )
    assert [sorted(draw.values) for draw in draws] == [["haemoglobin", "platelets"], ["platelets"]]


@given(
    st.lists(
        st.tuples(st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)), st.floats(2.0, 2900.0)),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[0],
    ),
    st.sampled_from([("K/uL", 1.0), ("/mm3", 1e3), ("10*9/L", 1.0), ("10^4/uL", 0.1)]),
    st.sampled_from([",", ";", "\t"]),
)
@settings(max_examples=30)
def test_long_and_wide_tables_read_the_same(tmp_path_factory, rows, notation, separator):
    unit, factor = notation
    folder = tmp_path_factory.mktemp("labs", numbered=True)
    # four decimals, as 1.234 in a table with semicolons may be thousands
    cells = [(f"{at}", f"{value * factor:.4f}".replace(".", "," if separator != "," else "."))
             for at, value in rows]  # fmt: skip
    long = [("at", "analyte", "value", "unit"), *((at, "PLT", n, unit) for at, n in cells)]
    wide = [("at", f"platelets [{unit}]"), *cells]
    for name, lines in (("long.csv", long), ("wide.csv", wide)):
        (folder / name).write_text("\n".join(separator.join(line) for line in lines))
    both = [values(read_labs(name, folder)) for name in ("long.csv", "wide.csv")]
    assert both[0] == both[1]
    for at, value in rows:
        assert both[0][at]["platelets"] == pytest.approx(value, abs=1e-3)


# Refusals: each names its line and column.


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        ("01/02/2026,PLT,212,K/uL", "not-a-date", "2026-02-01 (1 February 2026) or 2026-01-02 (2"),
        ("12.01.2026,PLT,212,K/uL", "not-a-date", ": 2026-01-12 (12 January 2026)"),
        (",PLT,212,K/uL", "missing", "the date is missing"),
        ("2026-01-10,PLT,212,furlong", "unknown-unit", "units of platelets: 1e9/L"),
        ("2026-01-10,PLT,212,", "no-unit", "add the unit of the report, as in 212 1e9/L"),
        ("2026-01-10,PLT,212000,K/uL", "impossible-value", "did you mean /uL?"),
        ("2026-01-10,Hgb,138,G/L", "ambiguous-unit", "giga per litre"),
        ("2026-01-10,bilirubin,<0.2,mg/dL", "bound-not-value", "write 0.2 mg/dL if the CTCAE"),
        ("2026-01-10,ALT,> 200,U/L", "bound-not-value", "write 200 U/L if the CTCAE"),
        ("2026-01-10,PLT,clotted,K/uL", "not-a-number", "leave the cell blank"),
        ("2026-01-10,PLT,212 H,K/uL", "not-a-number", "'212 H' is not a number"),
        ('2026-01-10,PLT,"212,000",/uL', "not-a-number", "'212000' or '212.000'"),
        ("2026-01-10,sodium,140,mmol/L", "unknown-analyte", "known: platelets"),
        ("2026-01-10,eGFR,62,mL/min/1.73m2", "computed-here", "not a clearance"),
        ("2026-01-10,INR,95,%", "wrong-dimension", "write prothrombin_ratio"),
        ("2026-01-10,,212,K/uL", "unknown-analyte", "analyte '' is not known"),
        ("2026-01-10,PLT,212", "wrong-number-of-cells", "has 3 cells, but the header has 4"),
    ],
)
def test_row_that_is_not_read_is_refused_at_its_line(table, row, code, words):
    ((found, place, said),) = refused(table, f"at,analyte,value,unit\n\n{row}\n")
    assert (found, place.partition(": ")[0]) == (code, "labs.csv:3")
    assert words in said


@pytest.mark.parametrize(
    ("header", "code", "words"),
    [
        ("date,PLT [K/uL]", "missing-column", "column 'at' is missing"),
        ("at,analyte,unit", "missing-column", "column 'value' is missing"),
        ("at,analyte,value,unit,flag", "unknown-column", "columns: at, analyte, value, unit"),
        ("at,analyte,value,unit,unit", "column-twice", "column 'unit' occurs twice"),
        ("at,at,PLT [K/uL]", "column-twice", "column 'at' occurs twice"),
        ("at,Hb [g/dL],hemoglobin [g/L]", "analyte-twice", "are both haemoglobin"),
        ("at,Hb [G/L]", "ambiguous-unit", "giga per litre"),
        ("at,PLT [g/L]", "wrong-dimension", "units of platelets"),
        ("at,sodium [mmol/L]", "unknown-analyte", "analyte 'sodium' is not known"),
        ("at,sodium (mmol/L)", "unknown-analyte", "analyte 'sodium' is not known"),
        ("at,PLT (K/uL)", "unknown-analyte", "square brackets: PLT [K/uL]"),
        ("at,eGFR [mL/min/1.73m2]", "computed-here", "it is computed from the creatinine"),
        ("at" + ",PLT [K/uL]" * 60, "too-many-columns", "61 columns"),
    ],
)
def test_header_that_is_not_read_is_refused(table, header, code, words):
    row = ",".join("1" for _ in header.split(","))
    found = refused(table, f"{header}\n{row}\n")
    assert [(c, p.partition(": ")[0]) for c, p, _ in found] == [(code, "labs.csv:1")] * len(found)
    assert words in found[0][2]


def test_a_cell_below_no_header_is_refused(table):
    ((code, place, words),) = refused(table, "at,,PLT [K/uL]\n2026-01-10,1,212\n")
    assert (code, place) == ("cell-without-header", "labs.csv:2")
    assert "column 2, which has no header" in words


def test_comma_in_a_table_with_commas_names_the_semicolon(table):
    ((code, place, words),) = refused(table, "at,Hb [g/dL]\n2026-01-10,13,8\n")
    assert (code, place) == ("wrong-number-of-cells", "labs.csv:2")
    assert "separate the cells by ';'" in words


def test_thousands_in_a_table_with_semicolons_are_refused(table):
    ((code, place, words),) = refused(table, "at;PLT [/uL]\n2026-01-10;212.000\n")
    assert (code, place) == ("ambiguous-number", "labs.csv:2: PLT [/uL]")
    assert "212000 or 212" in words


def test_line_numbers_count_a_separator_line(table):
    text = "sep=;\nat;PLT [K/uL]\n2026-01-10;212\n2026-03-01;high\n"
    ((code, place, _),) = refused(table, text)
    assert (code, place) == ("not-a-number", "labs.csv:4: PLT [K/uL]")


def test_one_analyte_twice_at_one_time_names_both_lines(table):
    rows = "2026-01-10,PLT,212,K/uL\n2026-01-10,thrombocytes,200,G/L\n"
    ((code, place, words),) = refused(table, f"at,analyte,value,unit\n{rows}")
    assert (code, place) == ("measured-twice", "labs.csv:3: thrombocytes")
    assert "platelets of 2026-01-10 is already given at labs.csv:2: PLT" in words


def test_quantity_that_is_not_taken_is_told_once(table):
    rows = "".join(f"2026-01-{day},sodium,140,mmol/L\n" for day in range(10, 20))
    ((code, place, _),) = refused(table, f"at,analyte,value,unit\n{rows}")
    assert (code, place) == ("unknown-analyte", "labs.csv:2: sodium")


def test_wrong_date_of_a_wide_row_is_told_once(table):
    ((code, place, _),) = refused(table, "at,PLT [K/uL],INR\n12.01.2026,212,1.1\n")
    assert (code, place) == ("not-a-date", "labs.csv:2: at")


def test_many_problems_end_with_a_remark(table):
    rows = "".join(f"2026-01-10,PLT,{i}e6,K/uL\n" for i in range(1, 200))
    found = refused(table, f"at,analyte,value,unit\n{rows}")
    assert len(found) == MOST_PROBLEMS + 1
    assert found[-1][0] == "more"


def test_more_values_than_a_course_has_are_refused(table):
    days = (dt.date(1990, 1, 1) + dt.timedelta(days=i) for i in range(MOST_VALUES + 1))
    rows = "".join(f"{day},212\n" for day in days)
    ((code, place, _),) = refused(table, f"at,PLT [K/uL]\n{rows}")
    assert (code, place) == ("too-many-values", "labs.csv:1")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty-file"),
        (" \n", "empty-file"),
        ("sep=;\n", "empty-file"),
        ("at,PLT [K/uL]\n", "empty-file"),
        ("at,PLT [K/uL]\n2026-01-10,\n", "empty-file"),
        (b"at,PLT [K/\xb5L]\n", "not-utf-8"),
        ('at,PLT [K/uL]\n2026-01-10,"212\n', "not-csv"),
        ("region,time [h],activity [MBq]\nliver,4,80\n", "other-kind-of-file"),
        (b"PK\x03\x04xl/", "other-kind-of-file"),
    ],
)
def test_file_that_is_no_table_of_values_is_refused(table, text, code):
    ((found, place, words),) = refused(table, text)
    assert found == code
    assert place.startswith("labs.csv")
    assert words.strip()


def test_missing_file_and_wrong_types_are_refused(tmp_path):
    assert refused(read_labs, "none.csv", tmp_path)[0][0] == "no-such-file"
    ((code, _, words),) = refused(read_labs, {"at": "2026-01-10"}, tmp_path)
    assert code == "wrong-type"
    assert "neither a file name nor a list of samples" in words
    ((code, place, _),) = refused(read_labs, [3], tmp_path)
    assert (code, place) == ("wrong-type", "[0]")


@pytest.mark.parametrize("text", [LONG, WIDE, "sep=;\n" + WIDE.replace(",", ";"), '"AT"\tPLT\n'])
def test_table_of_laboratory_values_is_named_for_what_it_is(text):
    assert kind_of_text(text).words == "a table of laboratory values"


# DataFrames.


def frame(text):
    import io

    return pd.read_csv(io.StringIO(text))


@pytest.mark.parametrize("text", [LONG, WIDE])
def test_data_frame_reads_as_its_csv(tmp_path, text):
    read = values(read_labs(frame(text), tmp_path))
    assert read == {at: pytest.approx(said, rel=1e-14) for at, said in SAID.items()}


def test_midnights_without_a_zone_are_dates(tmp_path):
    dated = frame(WIDE).assign(at=lambda rows: pd.to_datetime(rows["at"]))
    assert list(values(read_labs(dated, tmp_path))) == list(SAID)
    timed = dated.assign(at=dated["at"] + pd.Timedelta(hours=8))
    assert [draw.at.hour for draw in read_labs(timed, tmp_path)] == [8, 8]
    zoned = dated.assign(at=dated["at"].dt.tz_localize("Europe/Berlin"))
    assert all(draw.at.tzinfo for draw in read_labs(zoned, tmp_path))


def test_missing_date_of_a_frame_is_refused_at_its_row():
    bad = frame(WIDE).assign(at=lambda rows: pd.to_datetime(rows["at"]))
    bad.loc[1, "at"] = pd.NaT
    document = {
        "patient": {"id": "L-1", "sex": "m"},
        "therapy": {"regimen": "netter-1"},
        "labs": bad,
    }
    found = refused(Patient.from_dict, document)
    assert [(code, place) for code, place, _ in found] == [("missing", "labs[1].at")]


def test_pint_quantities_of_a_frame_are_read(tmp_path):
    import pint

    quantity = pint.get_application_registry().Quantity
    rows = pd.DataFrame({"at": ["2026-01-10"], "ALT": [quantity(0.5e-6, "katal/L")]})
    (draw,) = read_labs(rows, tmp_path)
    assert draw.values["ALT"].value == pytest.approx(30.0)


def test_cell_that_is_no_number_is_refused_at_its_field(tmp_path):
    rows = pd.DataFrame({"at": ["2026-01-10"], "PLT [K/uL]": [["212"]]})
    ((code, place, _),) = refused(read_labs, rows, tmp_path)
    assert (code, place) == ("not-a-number", "[0].PLT [K/uL]")


def test_frame_without_rows_is_refused(tmp_path):
    ((code, place, _),) = refused(read_labs, frame(WIDE).iloc[:0], tmp_path)
    assert (code, place) == ("empty-file", "")


# In a patient file.


def patient_file(folder, text=WIDE, patient=PATIENT):
    (folder / "labs.csv").write_text(text)
    (folder / "p.yaml").write_text(patient)
    return folder / "p.yaml"


def test_table_is_among_the_inputs_of_a_plan(tmp_path):
    patient = dosimetry.read_patient(patient_file(tmp_path))
    digest = hashlib.sha256(WIDE.encode()).hexdigest()
    assert patient.input_hashes()["labs.csv"] == digest
    assert dosimetry.plan(patient).provenance.inputs["labs.csv"] == digest


def test_table_and_list_give_the_same_clinical_plan(tmp_path):
    of_table = dosimetry.read_patient(patient_file(tmp_path))
    inline = Patient.from_dict(of_table.to_dict())
    assert inline.labs == of_table.labs
    assert inline.input_hashes() == {}
    plans = [dosimetry.plan(patient) for patient in (of_table, inline)]
    assert plans[0].labs == plans[1].labs
    assert plans[0].label == plans[1].label


def test_changed_value_of_a_table_is_named_as_replaced(tmp_path):
    read = dosimetry.read_patient(patient_file(tmp_path))
    assert read.replaced()[1] == ()
    other = read.replace({"labs[1].platelets": "40 K/uL"})
    assert other.replaced()[1] == ("labs[1]",)
    assert other.labs[1].values["platelets"].value == 40.0
    assert "labs.csv" in other.input_hashes()
    assert read.replace(labs=[]).labs == []


def test_table_can_replace_the_values_in_memory(tmp_path):
    read = dosimetry.read_patient(patient_file(tmp_path))
    other = read.replace(labs=frame(LONG.replace("98", "60")))
    assert other.labs[1].values["platelets"].value == 60.0


def test_contradiction_with_an_event_time_names_the_line(tmp_path):
    text = WIDE.replace("2026-03-01,98", "2026-01-10T08:00:00,98")
    found = refused(dosimetry.read_patient, patient_file(tmp_path, text))
    assert ("measured-twice", "labs.csv:3: PLT [K/uL]") in [(c, p) for c, p, _ in found]


def test_warning_on_a_value_of_a_table_names_the_line(tmp_path):
    text = "at,PLT\n2026-01-10,212 1e9/L\n2026-03-01,2100 /uL\n2029-03-01,212 1e9/L\n"
    plan = dosimetry.plan(dosimetry.read_patient(patient_file(tmp_path, text)))
    places = {warning.code: warning.place for warning in plan.warnings}
    assert places["unit-changes"] == "labs.csv:3: PLT"
    assert places["date-far-off"] == "labs.csv:4: at"


def test_name_of_a_missing_table_is_refused(tmp_path):
    path = patient_file(tmp_path, patient=PATIENT.replace("labs.csv", "other.csv"))
    ((code, place, _),) = refused(dosimetry.read_patient, path)
    assert (code, place) == ("no-such-file", "other.csv: file")
