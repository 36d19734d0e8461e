"""Units: every quantity of the patient file accepts its own dimension and refuses all others."""

import copy
import json

import pytest

import dosimetry
from dosimetry import InputError
from dosimetry.patient.laboratory import read_draw
from dosimetry.quantities import Amount, Estimate
from dosimetry.reference.laboratory import analytes

AT = "2026-01-12T09:30:00+01:00"
DOCUMENT = {
    "patient": {"id": "T-1", "sex": "male"},
    "therapy": {
        "regimen": {"activity": "7.4 GBq", "cycles": 4, "interval": "8 week"},
        "limits": [
            {"id": "o", "region": "liver", "quantity": "bed", "limit": "30 Gy", "source": "me"}
        ],
        "prior_doses": {"kidneys": {"absorbed_dose": "6 Gy", "bed": "7 Gy", "source": "me"}},
    },
    "masses": {"spleen": "180 g", "liver": {"value": "1700 g", "sd": "90 g"}},
    "cycles": [
        {
            "administered": {"prepared": "7.4 GBq", "prepared_at": AT, "residual": "60 MBq"},
            "at": AT,
            "systematic_uncertainty": "5 %",
            "dose_coefficients": {
                "liver": "0.31 Gy/GBq",
                "kidneys": {"value": "0.4 Gy/GBq", "sd": "0.05 Gy/GBq"},
            },
            "measurements": [
                {
                    "region": "spleen",
                    "time": f"{hours} h",
                    "activity": "80 MBq",
                    "sd": "8 MBq",
                    "volume": "170 mL",
                    "recovery": "0.9",
                }
                for hours in (4, 24, 96)
            ],
        },
        {"administered": "7.2 GBq", "at": "2026-03-09"},
    ],
}

# A quantity of every dimension there is.
QUANTITIES = {
    "time": ["3 h", "3 d", "3 week", "3 year", "3 s"],
    "mass": ["3 g", "3 kg", "3 mg"],
    "length": ["3 cm", "3 m"],
    "volume": ["3 mL", "3 L"],
    "activity": ["3 GBq", "3 mCi"],
    "rate": ["3 1/h", "3 /h", "3 Hz"],
    "absorbed dose": ["3 Gy", "3 rad"],
    "equivalent dose": ["3 Sv", "3 rem"],
    "absorbed dose per activity": ["3 Gy/GBq", "3 mGy/MBq"],
    "equivalent dose per activity": ["3 Sv/GBq"],
    "time-integrated activity": ["3 MBq*h"],
    "activity concentration": ["3 kBq/mL"],
    "percentage of the administered activity": ["3 %IA"],
    "mass concentration": ["3 g/L", "3 mg/dL"],
    "amount concentration": ["3 umol/L"],
    "cell count per volume": ["3 1e9/L", "3 10^9/L"],
    "percentage": ["3 %"],
    "catalytic activity concentration": ["3 U/L", "3 ukat/L"],
    "energy": ["3 MeV"],
}

# Each quantity of the patient file: its place, its dimension, and others that it takes as well.
CYCLE = "cycles[0]"
SCAN = f"{CYCLE}.measurements[1]"
PLACES = {
    "patient.age": ["time"],
    "patient.weight": ["mass"],
    "patient.height": ["length"],
    "therapy.regimen.activity": ["activity"],
    "therapy.regimen.interval": ["time"],
    "therapy.limits[0].limit": ["absorbed dose"],
    "therapy.prior_doses.kidneys.absorbed_dose": ["absorbed dose"],
    "therapy.prior_doses.kidneys.bed": ["absorbed dose"],
    "masses.spleen": ["mass"],
    "masses.liver.value": ["mass"],
    "masses.liver.sd": ["mass", "percentage"],
    "cycles[1].administered": ["activity"],
    f"{CYCLE}.administered.prepared": ["activity"],
    f"{CYCLE}.administered.residual": ["activity"],
    f"{CYCLE}.systematic_uncertainty": ["percentage"],
    f"{CYCLE}.dose_coefficients.liver": ["absorbed dose per activity"],
    f"{CYCLE}.dose_coefficients.kidneys.value": ["absorbed dose per activity"],
    f"{CYCLE}.dose_coefficients.kidneys.sd": ["absorbed dose per activity", "percentage"],
    f"{SCAN}.time": ["time"],
    f"{SCAN}.activity": [
        "activity",
        "percentage of the administered activity",
        "activity concentration",
    ],
    f"{SCAN}.sd": [
        "activity",
        "percentage of the administered activity",
        "activity concentration",
        "percentage",
    ],
    f"{SCAN}.volume": ["volume"],
    "labs[0].platelets": ["cell count per volume"],
    "labs[0].neutrophils": ["cell count per volume"],
    "labs[0].lymphocytes": ["cell count per volume"],
    "labs[0].leukocytes": ["cell count per volume"],
    "labs[0].haemoglobin": ["mass concentration", "amount concentration"],
    "labs[0].creatinine": ["mass concentration", "amount concentration"],
    "labs[0].bilirubin": ["mass concentration", "amount concentration"],
    "labs[0].albumin": ["mass concentration"],
    "labs[0].ALT": ["catalytic activity concentration"],
}
PURE = {"patient.hematocrit": ["percentage"], f"{SCAN}.recovery": ["percentage"]}


def steps(place):
    """Split a place into the keys and indices that lead to it."""
    for part in place.replace("]", "").replace("[", ".").split("."):
        yield int(part) if part.isdigit() else part


def with_value(place, value):
    """Return the document with one value changed; labs stand in it only where they are asked."""
    document = copy.deepcopy(DOCUMENT)
    if place.startswith("labs"):
        document["labs"] = [{"at": "2026-01-10"}]
    *outer, last = steps(place)
    inner = document
    for step in outer:
        inner = inner[step]
    inner[last] = value
    return document


def read(folder, document):
    path = folder / "p.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return dosimetry.read_patient(path)


def refused(folder, document):
    with pytest.raises(InputError) as caught:
        read(folder, document)
    return caught.value.problems


def at_place(folder, place, value):
    """Read the document with one value changed, and return what became of that value."""
    found = read(folder, with_value(place, value))
    for step in steps(place):
        if isinstance(step, int) or isinstance(found, dict):
            found = found[step]
        else:
            found = getattr(found, "person" if step == "patient" else step)
    return found


def foreign(own):
    """Return the quantities of all dimensions but a place's own."""
    return [
        quantity
        for dimension, quantities in QUANTITIES.items()
        if dimension not in own
        for quantity in quantities
    ]


def of_the_right_kind(place):
    """Return what a cure names: the dimension, of a laboratory value the unit that it may be in."""
    if place.startswith("labs[0]."):
        return analytes()[place.removeprefix("labs[0].")].unit
    return PLACES[place][0]


@pytest.mark.parametrize("place", PLACES)
def test_a_quantity_of_another_dimension_is_refused(tmp_path, place):
    dimension = PLACES[place][0]
    for quantity in foreign(PLACES[place]):
        (problem,) = refused(tmp_path, with_value(place, quantity))
        unit = quantity.removeprefix("3 ")
        assert (problem.code, problem.place) == ("wrong-dimension", f"p.json: {place}")
        assert f"'{unit}'" in problem.message
        assert dimension in problem.message
        assert of_the_right_kind(place) in problem.cure


@pytest.mark.parametrize("place", PURE)
def test_a_pure_number_takes_no_unit(tmp_path, place):
    for quantity in foreign(PURE[place]):
        (problem,) = refused(tmp_path, with_value(place, quantity))
        unit = quantity.removeprefix("3 ")
        assert (problem.code, problem.place) == ("wrong-dimension", f"p.json: {place}")
        assert f"'{unit}'" in problem.message
        assert problem.cure


@pytest.mark.parametrize(
    ("place", "quantity"),
    [
        ("cycles[1].administered", "7.4 1/h"),
        ("cycles[1].administered", "7.4 Hz"),
        ("therapy.prior_doses.kidneys.absorbed_dose", "6 Sv"),
        ("therapy.limits[0].limit", "23 Sv"),
        (f"{CYCLE}.dose_coefficients.liver", "0.3 Sv/GBq"),
        (f"{CYCLE}.dose_coefficients.liver", "0.3 Gy*h"),
        (f"{SCAN}.activity", "80 1/h"),
    ],
)
def test_units_that_only_look_alike_are_refused(tmp_path, place, quantity):
    (problem,) = refused(tmp_path, with_value(place, quantity))
    assert (problem.code, problem.place) == ("wrong-dimension", f"p.json: {place}")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("value", ["7.4", 7.4], ids=["text", "number"])
def test_a_bare_number_is_refused(tmp_path, place, value):
    (problem,) = refused(tmp_path, with_value(place, value))
    assert (problem.code, problem.place) == ("no-unit", f"p.json: {place}")
    assert "'7.4' has no unit" in problem.message
    assert of_the_right_kind(place) in problem.cure


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("7,4 GBq", "not-a-quantity"),
        ("7.4(2) GBq", "not-a-quantity"),
        ("9**9 g", "not-a-quantity"),
        ("seven", "not-a-quantity"),
        ("3 gbq", "unknown-unit"),
        ("3 furlong", "unknown-unit"),
        ("3 1e400/L", "not-a-quantity"),
    ],
)
def test_text_that_is_not_a_quantity_is_refused(tmp_path, place, value, code):
    (problem,) = refused(tmp_path, with_value(place, value))
    assert (problem.code, problem.place) == (code, f"p.json: {place}")
    assert problem.cure


def test_a_decimal_comma_gets_the_likely_number(tmp_path):
    (problem,) = refused(tmp_path, with_value("cycles[1].administered", "7,4 GBq"))
    assert problem.message == "'7,4 GBq' is not a quantity"
    assert "'7.4 GBq'" in problem.cure


@pytest.mark.parametrize(
    ("place", "value", "number", "unit"),
    [
        ("patient.age", "64 yr", 64.0, "year"),
        ("patient.weight", "97500 g", 97.5, "kg"),
        ("patient.height", "1.78 m", 178.0, "cm"),
        ("therapy.regimen.activity", "200 mCi", 7400.0, "MBq"),
        ("therapy.regimen.interval", "56 d", 1344.0, "h"),
        ("therapy.limits[0].limit", "2300 rad", 23.0, "Gy"),
        ("therapy.prior_doses.kidneys.absorbed_dose", "600 cGy", 6.0, "Gy"),
        ("therapy.prior_doses.kidneys.bed", "6800 mGy", 6.8, "Gy"),
        ("cycles[1].administered", "0.2 Ci", 7400.0, "MBq"),
        ("cycles[1].administered", "7400000 kBq", 7400.0, "MBq"),
        ("cycles[1].administered", "7.4e9 Bq", 7400.0, "MBq"),
        ("cycles[0].administered.prepared", "7.4 GBq", 7400.0, "MBq"),
        ("cycles[0].administered.residual", "2 mCi", 74.0, "MBq"),
        ("cycles[0].systematic_uncertainty", "5 %", 5.0, "%"),
    ],
)
def test_units_of_the_right_kind_convert_exactly(tmp_path, place, value, number, unit):
    found = at_place(tmp_path, place, value)
    assert found == Amount(number, unit)


@pytest.mark.parametrize(
    ("place", "value", "wanted"),
    [
        ("masses.spleen", "0.18 kg", Estimate(180.0, None, "g")),
        ("masses.spleen", {"value": "200 g", "sd": "8 %"}, Estimate(200.0, 16.0, "g")),
        ("masses.spleen", {"value": "200 g", "sd": "0.016 kg"}, Estimate(200.0, 16.0, "g")),
        ("cycles[0].dose_coefficients.liver", "0.25 mGy/MBq", Estimate(0.25, None, "Gy/GBq")),
        ("cycles[0].dose_coefficients.liver", "37 rad/Ci", Estimate(0.01, None, "Gy/GBq")),
        (
            "cycles[0].dose_coefficients.liver",
            {"value": "0.25 Gy/GBq", "sd": "20 %"},
            Estimate(0.25, 0.05, "Gy/GBq"),
        ),
    ],
)
def test_values_with_sd_convert_together(tmp_path, place, value, wanted):
    found = at_place(tmp_path, place, value)
    assert found.value == pytest.approx(wanted.value, rel=1e-13)
    assert found.sd == (wanted.sd and pytest.approx(wanted.sd, rel=1e-13))
    assert found.unit == wanted.unit


@pytest.mark.parametrize(
    ("column", "value", "number"),
    [
        ("time", "2 d", 48.0),
        ("time", "90 min", 1.5),
        ("activity", "2 mCi", 74.0),
        ("activity", "80000 kBq", 80.0),
        ("sd", "8000 kBq", 8.0),
        ("sd", "10 %", 8.0),
        ("volume", "0.17 L", 170.0),
        ("recovery", "90 %", 0.9),
    ],
)
def test_scans_of_a_list_convert(tmp_path, column, value, number):
    document = with_value(f"cycles[0].measurements[2].{column}", value)
    scan = read(tmp_path, document).cycles[0].measurements.scans[2]
    found = scan.value if column == "activity" else getattr(scan, column)
    found = scan.sd_of_value() if column == "sd" else found
    assert found == pytest.approx(number, rel=1e-14)


@pytest.mark.parametrize(
    ("analyte", "value", "wanted"),
    [
        ("platelets", "212 10^9/L", Amount(212.0, "1e9/L")),
        ("neutrophils", "3.9 1e9/L", Amount(3.9, "1e9/L")),
        ("haemoglobin", "128 g/L", Amount(12.8, "g/dL")),
        # 1 mmol/L of haemoglobin is 1.6114 g/dL (molar mass of the monomer, 16114 g/mol)
        ("haemoglobin", "8 mmol/L", Amount(12.8914, "g/dL")),
        # 1 mg/dL of creatinine is 88.42 umol/L (SI conversion factor)
        ("creatinine", "0.08842 mmol/L", Amount(1.0, "mg/dL")),
        ("creatinine", "176.84 umol/L", Amount(2.0, "mg/dL")),
        ("creatinine", "0.9 mg/dL", Amount(0.9, "mg/dL")),
        ("albumin", "4.1 g/dL", Amount(41.0, "g/L")),
    ],
)
def test_laboratory_values_convert(analyte, value, wanted):
    found = read_draw({"at": "2026-01-10", analyte: value}).values[analyte]
    assert analytes()[analyte].unit == wanted.unit
    assert found.value == pytest.approx(wanted.value, rel=1e-5)
    assert f"{found.written.value:g} {found.written.unit}" == value.replace("10^9", "1e9")


# The units in the header of a CSV.
COLUMNS = {
    "time": ("time", ["MBq", "g", "1/h", "%", "Gy"]),
    "activity": ("activity", ["h", "1/h", "Hz", "Gy", "Sv", "MBq*h", "%", "MBq*mL", "mL"]),
    "concentration": ("activity concentration", ["MBq", "%IA", "g/mL", "MBq*mL"]),
    "sd": ("activity", ["h", "1/h", "Gy", "mL"]),
    "volume": ("volume", ["g", "cm", "MBq"]),
}


@pytest.mark.parametrize(
    ("name", "unit"), [(name, unit) for name, (_, units) in COLUMNS.items() for unit in units]
)
def test_a_column_in_a_foreign_unit_is_refused(tmp_path, name, unit):
    header = {"time": "time [h]", "activity": "activity [MBq]", name: f"{name} [{unit}]"}
    if name == "concentration":
        del header["activity"]
    cells = ["3"] * len(header)
    (tmp_path / "c.csv").write_text(
        f"region,{','.join(header.values())}\nliver,{','.join(cells)}\n"
    )
    document = with_value("cycles[0].measurements", "c.csv")
    (problem,) = refused(tmp_path, document)
    assert (problem.code, problem.place) == ("wrong-dimension", f"c.csv:1: {name} [{unit}]")
    assert f"'{unit}'" in problem.message
    assert COLUMNS[name][0] in problem.message


@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "concentration"])
def test_a_column_without_unit_is_refused(tmp_path, name):
    header = {"time": "time [h]", "activity": "activity [MBq]", name: name}
    cells = ["3"] * len(header)
    (tmp_path / "c.csv").write_text(
        f"region,{','.join(header.values())}\nliver,{','.join(cells)}\n"
    )
    (problem,) = refused(tmp_path, with_value("cycles[0].measurements", "c.csv"))
    assert (problem.code, problem.place) == ("no-unit", f"c.csv:1: {name}")
    assert f"{name} [" in problem.cure
