"""Layouts of clinics: each becomes the measurements that a person would write by hand."""

import datetime as dt
import re

import pytest
import yaml
from workbooks import GIVEN, LONG, STATED, files_of, imported, save, stated

LIVER = "region,time [h],activity [MBq]\nliver,4,80\nliver,24,60\n"
START = dt.datetime(2026, 1, 12, 9, 30)


def csv_of(tmp_path, rows, data=None, *, prepare=None, file="cycle1.csv"):
    sheets = rows if isinstance(rows, dict) else {"C1": rows}
    path = save(tmp_path / "clinic.xlsx", sheets, prepare=prepare)
    return files_of(path, data or stated("C1"))[file]


def text_of(tmp_path, text, data=None):
    (tmp_path / "C1.csv").write_text(text, encoding="utf-8")
    return files_of(tmp_path / "C1.csv", data or stated("C1"))["cycle1.csv"]


def test_plain_table_is_copied(tmp_path):
    assert csv_of(tmp_path, LONG) == LIVER


@pytest.mark.parametrize(
    ("region", "time", "activity"),
    [
        ("ROI", "Time p.i. [h]", "Activity (MBq)"),
        ("VOI name", "Hours p.i.", "Act. MBq"),
        ("Organ", "time after injection (h)", "A / MBq"),
        ("STRUCTURE", "t [h]", "MBq"),
        ("Region", "Zeit p.i. [Std.]", "Aktivität in MBq"),
        ("Organe", "Temps après injection [h]", "Activité (MBq)"),
        ("Organ", "Tid efter injektion [tim]", "Aktivitet [MBq]"),
    ],
)
def test_wording_of_headers_is_understood(tmp_path, region, time, activity):
    assert csv_of(tmp_path, [[region, time, activity], *LONG[1:]]) == LIVER


def test_titles_above_the_table_are_passed_over(tmp_path):
    rows = [["Dosimetry"], ["SPECT/CT, Lu-177"], [], *LONG, [], ["checked by the physicist"]]
    assert csv_of(tmp_path, rows) == LIVER


@pytest.mark.parametrize("units", [["", "h", "MBq"], [None, "[h]", "(MBq)"]])
def test_units_may_stand_below_the_headers(tmp_path, units):
    assert csv_of(tmp_path, [["Region", "Time", "Activity"], units, *LONG[1:]]) == LIVER


def test_regions_as_columns(tmp_path):
    rows = [
        ["Time [h]", "Left kidney [MBq]", "Kidney R [MBq]", "Lesion 1 [MBq]"],
        [4, 95, 90, 40],
        [24, 72, "n/a", 38.5],
    ]
    assert csv_of(tmp_path, rows) == (
        "region,time [h],activity [MBq]\nkidney_left,4,95\nkidney_right,4,90\ntumour_1,4,40\n"
        "kidney_left,24,72\ntumour_1,24,38.5\n"
    )


def test_times_as_columns(tmp_path):
    rows = [["Organ", "4 h [MBq]", "24 h p.i. [MBq]"], ["Liver", 80, 60], ["Spleen", 20, 15]]
    assert csv_of(tmp_path, rows) == (
        "region,time [h],activity [MBq]\nliver,4,80\nliver,24,60\nspleen,4,20\nspleen,24,15\n"
    )


def test_group_over_two_columns_names_the_region(tmp_path):
    rows = [
        [None, "Left kidney", None, "Right kidney", None],
        ["Time [h]", "Conc. [kBq/mL]", "Volume [mL]", "Conc. [kBq/mL]", "Volume [mL]"],
        [4, 500, 160, 480, 155],
    ]

    def merge(book):
        book["C1"].merge_cells("B1:C1")
        book["C1"].merge_cells("D1:E1")

    assert csv_of(tmp_path, rows, prepare=merge) == (
        "region,time [h],concentration [kBq/mL],volume [mL]\n"
        "kidney_left,4,500,160\nkidney_right,4,480,155\n"
    )


def test_group_over_two_columns_names_the_quantity(tmp_path):
    rows = [["Time [h]", "Activity [MBq]", None], [None, "Liver", "Spleen"], [4, 80, 20]]

    def merge(book):
        book["C1"].merge_cells("A1:A2")
        book["C1"].merge_cells("B1:C1")

    assert csv_of(tmp_path, rows, prepare=merge) == (
        "region,time [h],activity [MBq]\nliver,4,80\nspleen,4,20\n"
    )


def test_merged_region_counts_for_each_of_its_rows(tmp_path):
    rows = [LONG[0], ["Liver", 4, 80], [None, 24, 60]]
    merged = csv_of(tmp_path, rows, prepare=lambda book: book["C1"].merge_cells("A2:A3"))
    assert merged == LIVER


def test_value_merged_over_two_columns_is_that_of_the_first(tmp_path):
    rows = [[*LONG[0], "SD [MBq]"], ["Liver", 4, 80, None], ["Liver", 24, 60, 3]]
    merged = csv_of(tmp_path, rows, prepare=lambda book: book["C1"].merge_cells("C2:D2"))
    assert "liver,4,80,\n" in merged


def test_clock_times_become_hours_after_the_injection(tmp_path):
    # by hand: 13:30 less 9:30 is 4 h; the next day 9:45, 24 h 15 min; 17 Jan 10:10, 120 h 40 min
    rows = [
        ["Region", "Date", "Time", "Activity [MBq]"],
        ["Liver", dt.date(2026, 1, 12), dt.time(13, 30), 80],
        ["Liver", dt.date(2026, 1, 13), dt.time(9, 45), 60],
        ["Liver", dt.date(2026, 1, 17), dt.time(10, 10), 30],
    ]
    expected = ["4", "24.25", "120.666666667"]
    assert re.findall(r"liver,([\d.]+),", csv_of(tmp_path, rows)) == expected


def test_hours_count_the_change_of_the_clocks(tmp_path):
    # clocks go forward on 29 March 2026 in Berlin: 28 March 9:30 to 29 March 9:30 is 23 h
    rows = [
        ["Region", "Date and time", "Activity [MBq]"],
        ["Liver", dt.datetime(2026, 3, 29, 9, 30), 80],
    ]
    cycle = {"administered": "7.4 GBq", "at": "2026-03-28T09:30:00"}
    data = stated(cycles={"C1": cycle}, time_zone="Europe/Berlin")
    assert "liver,23,80" in csv_of(tmp_path, rows, data)
    path = save(tmp_path / "again.xlsx", {"C1": rows})
    assert "at: 2026-03-28T09:30:00+01:00" in files_of(path, data)["patient.yaml"]


def test_durations_are_hours(tmp_path):
    rows = [
        ["Region", "Time p.i.", "Activity [MBq]"],
        ["Liver", dt.timedelta(hours=4, minutes=30), 80],
        ["Liver", dt.timedelta(days=1), 60],
    ]
    assert re.findall(r"liver,([\d.]+),", csv_of(tmp_path, rows)) == ["4.5", "24"]


def test_concentration_and_volume_stay_as_they_are(tmp_path):
    rows = [["ROI", "t [h]", "Mean (Bq/ml)", "Vol. (ccm)"], ["Liver", 4, 47058.8235, 1700]]
    assert csv_of(tmp_path, rows) == (
        "region,time [h],concentration [Bq/ml],volume [ccm]\nliver,4,47058.8235,1700\n"
    )


@pytest.mark.parametrize(
    ("header", "unit"), [("%ID", "%ID"), ("Uptake [% IA]", "%IA"), ("SUVmean", "SUV")]
)
def test_share_of_the_activity_keeps_its_unit(tmp_path, header, unit):
    rows = [["ROI", "t [h]", header], ["Liver", 4, 12.5]]
    assert csv_of(tmp_path, rows) == f"region,time [h],activity [{unit}]\nliver,4,12.5\n"


def test_number_shown_in_percent_is_in_percent(tmp_path):
    rows = [["ROI", "t [h]", "%ID", "Recovery"], ["Liver", 4, 0.125, 0.85]]

    def shown(book):
        book["C1"]["C2"].number_format = "0.0%"
        book["C1"]["D2"].number_format = "0%"

    assert csv_of(tmp_path, rows, prepare=shown).splitlines()[1] == "liver,4,12.5,0.85"


def test_unit_may_stand_in_the_number_format(tmp_path):
    rows = [["ROI", "t [h]", "Activity"], ["Liver", 4, 80], ["Liver", 24, 60]]

    def shown(book):
        for cell in ("C2", "C3"):
            book["C1"][cell].number_format = '0.0" MBq"'

    assert csv_of(tmp_path, rows, prepare=shown) == LIVER


def test_unit_may_stand_in_every_cell(tmp_path):
    rows = [["ROI", "t", "Activity"], ["Liver", "4 h", "80 MBq"], ["Liver", "24 h", "60 MBq"]]
    assert csv_of(tmp_path, rows) == LIVER


def test_sd_volume_and_recovery_go_with_the_activity(tmp_path):
    rows = [
        ["ROI", "t [d]", "Activity [kBq]", "SD [%]", "Volume [mL]", "RC"],
        ["Liver", 0.25, 80000, 5, 1700, None],
        ["Spleen", 1, 20000, 6, 180, 0.9],
    ]
    assert csv_of(tmp_path, rows) == (
        "region,time [d],activity [kBq],sd [%],volume [mL],recovery\n"
        "liver,0.25,80000,5,1700,\nspleen,1,20000,6,180,0.9\n"
    )


def test_units_of_one_cycle_are_made_equal(tmp_path):
    rows = [["Time [h]", "Liver [MBq]", "Spleen [kBq]"], [4, 80, 20500]]
    assert csv_of(tmp_path, rows) == ("region,time [h],activity [MBq]\nliver,4,80\nspleen,4,20.5\n")


@pytest.mark.parametrize("names", [("Cycle 1", "Cycle 2"), ("C1", "C2"), ("Zyklus 1", "2. Zyklus")])
def test_sheets_are_cycles_by_their_names(tmp_path, names):
    later = {"administered": "7.3 GBq", "at": "2026-03-09T09:00:00"}
    data = stated(cycles={names[0]: dict(GIVEN), names[1]: later})
    path = save(tmp_path / "clinic.xlsx", dict.fromkeys(names, LONG))
    files = files_of(path, data)
    assert files["cycle1.csv"] == files["cycle2.csv"] == LIVER
    cycles = yaml.safe_load(files["patient.yaml"])["cycles"]
    assert [cycle["administered"] for cycle in cycles] == ["7.4 GBq", "7.3 GBq"]


def test_column_of_cycles_divides_a_table(tmp_path):
    rows = [["Cycle", *LONG[0]], [1, "Liver", 4, 80], [2, "Liver", 4, 90]]
    later = {"administered": "7.3 GBq", "at": "2026-03-09T09:00:00"}
    path = save(tmp_path / "clinic.xlsx", {"All": rows})
    files = files_of(path, stated(cycles={"1": dict(GIVEN), "2": later}))
    assert "liver,4,80" in files["cycle1.csv"]
    assert "liver,4,90" in files["cycle2.csv"]


def test_titles_divide_the_tables_of_a_sheet(tmp_path):
    other = [LONG[0], ["Spleen", 4, 20]]
    rows = [["Cycle 1"], *LONG, [], ["Cycle 2"], *other]
    later = {"administered": "7.3 GBq", "at": "2026-03-09T09:00:00"}
    path = save(tmp_path / "clinic.xlsx", {"All": rows})
    files = files_of(path, stated(cycles={"Cycle 1": dict(GIVEN), "Cycle 2": later}))
    assert files["cycle1.csv"] == LIVER
    assert "spleen,4,20" in files["cycle2.csv"]


def test_labels_state_patient_and_cycle(tmp_path):
    rows = [
        ["Patient ID", "EX-7", None, "Sex", "weiblich"],
        ["Date of birth:", dt.date(1961, 5, 2), None, "Weight (kg)", 71.5],
        ["Injected activity (MBq)", 7210, None, "Injection", dt.date(2026, 1, 12), dt.time(9, 30)],
        ["Decay corrected", "no"],
        [],
        *LONG,
    ]
    path = save(tmp_path / "clinic.xlsx", {"C1": rows})
    patient = yaml.safe_load(files_of(path, {"therapy": STATED["therapy"]})["patient.yaml"])
    # 64 years old on 12 January 2026, 65 in May
    assert patient["patient"] == {
        "id": "EX-7",
        "sex": "female",
        "weight": "71.5 kg",
        "age": "64 year",
    }
    (cycle,) = patient["cycles"]
    assert cycle["administered"] == "7210 MBq"
    assert cycle["at"].isoformat() == "2026-01-12T09:30:00"
    assert cycle["decay_corrected_to"] == "none"


def test_rows_may_state_patient_and_cycle(tmp_path):
    head = ["Patient ID", "Sex", "Cycle", "Injected activity [MBq]", "Injection", *LONG[0]]
    rows = [head, *(["EX-9", "f", 1, 7210, START, *row] for row in LONG[1:])]
    rows += [["EX-9", "f", 2, 7300, START + dt.timedelta(days=56), *LONG[1]]]
    data = {**STATED, "patient": {"age": "64 year"}}
    files = files_of(save(tmp_path / "clinic.xlsx", {"Export": rows}), data)
    patient = yaml.safe_load(files["patient.yaml"])
    assert patient["patient"] == {"id": "EX-9", "sex": "female", "age": "64 year"}
    assert [cycle["administered"] for cycle in patient["cycles"]] == ["7210 MBq", "7300 MBq"]
    assert files["cycle1.csv"] == LIVER


def test_table_of_cycles_states_activity_and_injection(tmp_path):
    therapy = [
        ["Cycle", "Injected activity [GBq]", "Injection time"],
        [1, 7.21, START],
        [2, 7.3, START + dt.timedelta(days=56)],
    ]
    path = save(tmp_path / "clinic.xlsx", {"Therapy": therapy, "C1": LONG, "C2": LONG})
    cycles = yaml.safe_load(files_of(path, dict(STATED))["patient.yaml"])["cycles"]
    assert [cycle["administered"] for cycle in cycles] == ["7.21 GBq", "7.3 GBq"]


def test_prepared_and_residual_activity_stay_apart(tmp_path):
    rows = [
        ["Prepared activity [MBq]", 7420],
        ["Prepared at", START - dt.timedelta(hours=2)],
        ["Residual activity [MBq]", 55],
        ["Injection", START],
        *LONG,
    ]
    path = save(tmp_path / "clinic.xlsx", {"C1": rows})
    (cycle,) = yaml.load(files_of(path, dict(STATED))["patient.yaml"], yaml.BaseLoader)["cycles"]
    assert cycle["administered"] == {
        "prepared": "7420 MBq",
        "prepared_at": "2026-01-12T07:30:00",
        "residual": "55 MBq",
    }


def test_blood_samples_go_into_a_file_of_their_own(tmp_path):
    sheets = {"C1": LONG, "Blood C1": [["Time [h]", "Conc [kBq/mL]"], [0.5, 300], [4, 96.5]]}
    files = files_of(save(tmp_path / "clinic.xlsx", sheets), stated("C1"))
    assert files["blood1.csv"] == "time [h],concentration [kBq/mL]\n0.5,300\n4,96.5\n"
    assert "blood: blood1.csv" in files["patient.yaml"]


def test_blood_among_the_regions_goes_to_the_samples(tmp_path):
    rows = [["Time [h]", "Blood [kBq/mL]", "Red marrow [kBq/mL]"], [4, 100, 80]]
    path = save(tmp_path / "clinic.xlsx", {"C1": rows})
    files = files_of(path, stated("C1", regions={"Blood": "blood"}))
    assert files["blood1.csv"] == "time [h],concentration [kBq/mL]\n4,100\n"
    assert files["cycle1.csv"] == "region,time [h],concentration [kBq/mL]\nred_marrow,4,80\n"


LABS = {
    "in columns": [
        ["Date", "PLT [10^9/L]", "Hb (g/dL)", "Kreatinin [µmol/l]"],
        [dt.date(2026, 1, 10), 212, 12.8, 78],
    ],
    "in a list": [
        ["Datum", "Parameter", "Wert", "Einheit"],
        [dt.date(2026, 1, 10), "Thrombozyten", 212, "10^9/L"],
        [dt.date(2026, 1, 10), "Hb", 12.8, "g/dL"],
        [dt.date(2026, 1, 10), "Kreatinin", 78, "µmol/l"],
    ],
}


@pytest.mark.parametrize("layout", LABS)
def test_laboratory_values_go_into_the_patient_file(tmp_path, layout):
    path = save(tmp_path / "clinic.xlsx", {"C1": LONG, "Labs": LABS[layout]})
    (draw,) = yaml.load(files_of(path, stated("C1"))["patient.yaml"], yaml.BaseLoader)["labs"]
    assert draw == {
        "at": "2026-01-10",
        "platelets": "212 10^9/L",
        "haemoglobin": "12.8 g/dL",
        "creatinine": "78 µmol/l",
    }


@pytest.mark.parametrize(
    "text",
    [
        "Region,Time [h],Activity [MBq]\nLiver,4,80\nLiver,24,60\n",
        "Region;Time [h];Activity [MBq]\r\nLiver;4;80,0\r\nLiver;24;60,0\r\n",
        "sep=;\nRegion;Time [h];Activity [MBq]\nLiver;4;80\nLiver;24;60\n",
        "Region\tTime [h]\tActivity [MBq]\nLiver\t4\t80\nLiver\t24\t60\n",
        "\ufeffReport;;\n;;\nRegion;Time [h];Activity [MBq]\nLiver;4;80\nLiver;24;60\n;;\n",
    ],
)
def test_table_of_text_is_read(tmp_path, text):
    assert text_of(tmp_path, text) == LIVER


def test_dates_as_text_are_read_as_the_map_says(tmp_path):
    text = "Region;Datum;Uhrzeit;Aktivität [MBq]\nLeber;12.01.2026;13:30;80,5\n"
    assert "liver,4,80.5" in text_of(tmp_path, text, stated("C1", dates="day-first"))


def test_thousands_are_read_as_the_map_says(tmp_path):
    text = "Region;Time [h];Activity [kBq]\nLiver;4;80.500\n"
    assert "liver,4,80500" in text_of(tmp_path, text, stated("C1", numbers="decimal-comma"))


@pytest.mark.parametrize("hidden", ["use", "ignore"])
def test_hidden_row_is_used_or_left_out_as_the_map_says(tmp_path, hidden):
    def hide(book):
        book["C1"].row_dimensions[3].hidden = True

    found = csv_of(tmp_path, LONG, stated("C1", hidden=hidden), prepare=hide)
    assert ("liver,24,60" in found) is (hidden == "use")


def test_region_of_the_row_above_is_taken_as_the_map_says(tmp_path):
    rows = [LONG[0], ["Liver", 4, 80], [None, 24, 60]]
    assert csv_of(tmp_path, rows, stated("C1", blanks="as-above")) == LIVER


def test_map_names_what_the_wording_does_not(tmp_path):
    rows = [["Ziel", "Dauer", "Wert 1"], ["Li. Niere dorsal", 4, 80]]
    data = stated(
        "C1",
        columns={"Ziel": "region", "Dauer": "time", "Wert 1": "activity"},
        units={"Dauer": "h", "Wert 1": "MBq"},
        regions={"Li. Niere dorsal": "kidney_left"},
    )
    assert "kidney_left,4,80" in csv_of(tmp_path, rows, data)


def test_sum_below_the_table_is_left_out_as_the_map_says(tmp_path):
    rows = [*LONG, ["Sum", 24, 140]]
    assert csv_of(tmp_path, rows, stated("C1", regions={"Sum": "ignore"})) == LIVER


@pytest.mark.parametrize("layout", ["long", "wide"])
def test_written_map_asks_nothing_and_changes_nothing(tmp_path, layout):
    wide = [["Zeit [h]", "Leber [MBq]", "Niere li [MBq]"], [4, 80, "1,234"], [24, 60, 70]]
    rows = {"long": [["ROI", "t", "Act."], [None, "h", "MBq"], *LONG[1:]], "wide": wide}[layout]
    labels = [["Injizierte Aktivität [MBq]", 7400], ["Injektion", START], []]
    path = save(tmp_path / "clinic.xlsx", {"C1": [*labels, *rows], "Labs": LABS["in a list"]})
    first = files_of(path, {**STATED, "numbers": "decimal-comma"})
    again = files_of(path, yaml.load(first["map.yaml"], yaml.BaseLoader))
    assert again == first


def test_word_for_no_value_is_listed(tmp_path):
    rows = [["Time [h]", "Liver [MBq]", "Spleen [MBq]"], [4, 80, "n.d."]]
    path = save(tmp_path / "clinic.xlsx", {"C1": rows})
    assert "C1!C2: left out: 'n.d.', no value" in files_of(path, stated("C1"))["decisions.txt"]


def test_patient_in_every_row_is_the_patient(tmp_path):
    rows = [["Patient ID", *LONG[0]], *(["EX-9", *row] for row in LONG[1:])]
    data = stated("C1", patient={"sex": "male", "age": "64 year"})
    assert "id: EX-9" in files_of(save(tmp_path / "a.xlsx", {"C1": rows}), data)["patient.yaml"]


def test_every_cell_is_used_or_listed(tmp_path):
    sheets = {
        "C1": [["A title"], ["Patient name", "Doe"], [], [*LONG[0], "Comment"], [*LONG[1], "good"]],
        "Notes": [["nothing", "of use"]],
    }
    result = imported(save(tmp_path / "clinic.xlsx", sheets), stated("C1"))
    text = result.files["decisions.txt"]
    for place in ("C1!A1", "A2:B2", "C1!D5", "Notes!A1:B1"):
        assert place in text
    assert "Doe" not in "".join(result.files.values())


def test_activities_and_concentrations_get_files_of_their_own(tmp_path):
    rows = [
        ["Time [h]", "Liver [MBq]", "Red marrow [kBq/mL]"],
        [4, 80, 45],
        [24, 60, 20],
    ]
    path = save(tmp_path / "clinic.xlsx", {"C1": rows})
    files = files_of(path, stated("C1"))
    assert files["cycle1_activities.csv"] == LIVER
    assert files["cycle1_concentrations.csv"] == (
        "region,time [h],concentration [kBq/mL]\nred_marrow,4,45\nred_marrow,24,20\n"
    )
    (cycle,) = yaml.load(files["patient.yaml"], yaml.BaseLoader)["cycles"]
    assert cycle["measurements"] == ["cycle1_activities.csv", "cycle1_concentrations.csv"]


def test_blood_as_counted_beside_corrected_images(tmp_path):
    book = {"C1": LONG, "Blood C1": [["Time [h]", "Conc [kBq/mL]"], [1, 300], [24, 12]]}
    data = stated("C1") | {
        "decay_corrected_to": "administration",
        "blood_decay_corrected_to": "none",
    }
    (cycle,) = yaml.load(
        files_of(save(tmp_path / "clinic.xlsx", book), data)["patient.yaml"], yaml.BaseLoader
    )["cycles"]
    assert cycle["decay_corrected_to"] == "administration"
    assert cycle["blood"] == {"file": "blood1.csv", "decay_corrected_to": "none"}
