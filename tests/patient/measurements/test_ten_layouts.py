"""One table of activities in ten layouts gives one plan."""

import datetime as dt
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dosimetry
from dosimetry.patient.net_cycle import net_cycle
from dosimetry.patient.patient import Patient

HALF_LIFE = 159.528  # of 177Lu in h
ADMINISTERED = 7200.0  # MBq
INJECTION = dt.datetime(2026, 3, 2, 9, 30)
SPELLINGS = {
    "kidney_left": ("Kidney_Left", "LEFT KIDNEY", "kidney-l"),
    "kidney_right": ("Kidney_Right", "right kidney", "kidney r"),
    "liver": ("LIVER", "Liver", "liver "),
}


def text(number, comma=False):
    return repr(number).replace(".", ",") if comma else repr(number)


def file(rows, header, separator=",", comma=False, first=""):
    lines = [separator.join(header)]
    for row in rows:
        cells = (text(c, comma) if isinstance(c, float) else c for c in row)
        lines.append(separator.join(cells))
    return first + "\n".join(lines) + "\n"


def moment(hours):
    return INJECTION + dt.timedelta(hours=hours)


def plain(rows):
    return {"m.csv": file(rows, ["region", "time [h]", "activity [MBq]"])}, {}


def semicolons(rows):
    header = ["region", "time [h]", "activity [MBq]", ""]
    rows = [(*row, "") for row in rows]
    return {"m.csv": file(rows, header, ";", comma=True, first="sep=;\r\n")}, {}


def tabs_and_days(rows):
    rows = [(region, t / 24.0, a) for region, t, a in rows]
    return {"m.csv": file(rows, ["Region", "Time (d)", "ACTIVITY [MBq]"], "\t")}, {}


def other_names(rows):
    rows = [(SPELLINGS[r][i % 3], t, a) for i, (r, t, a) in enumerate(rows)]
    return {"m.csv": file(rows, ["REGION", "time_[h]", " activity  [MBq] "])}, {}


def dates_and_times(rows):
    rows = [(region, moment(t).isoformat(), a) for region, t, a in rows]
    return {"m.csv": file(rows, ["region", "at", "activity [MBq]"])}, {}


def dates_and_clocks(rows):
    rows = [(r, f"{moment(t):%Y-%m-%d}", f"{moment(t):%H:%M:%S}", a) for r, t, a in rows]
    return {"m.csv": file(rows, ["region", "date", "clock [h:min]", "activity [MBq]"])}, {}


def percent_of_administered(rows):
    rows = [(region, t, a / ADMINISTERED * 100.0) for region, t, a in rows]
    return {"m.csv": file(rows, ["region", "time [h]", "activity [%ID]"])}, {}


def millicuries(rows):
    rows = [(region, t * 60.0, a / 37.0) for region, t, a in rows]
    return {"m.csv": file(rows, ["region", "time [min]", "activity [mCi]"])}, {}


def decay_corrected(rows):
    rows = [(region, t, a * 2.0 ** (t / HALF_LIFE)) for region, t, a in rows]
    content = file(rows, ["region", "time [h]", "activity [MBq]"])
    return {"m.csv": content}, {"decay_corrected_to": "administration"}


def a_file_for_each_region(rows):
    regions = dict.fromkeys(region for region, _, _ in rows)
    header = ["region", "time [h]", "activity [kBq]"]
    files = {
        f"{region}.csv": file([(r, t, a * 1000.0) for r, t, a in rows if r == region], header)
        for region in regions
    }
    return files, {"measurements": list(files)}


LAYOUTS = (
    *(plain, semicolons, tabs_and_days, other_names, dates_and_times, dates_and_clocks),
    *(percent_of_administered, millicuries, decay_corrected, a_file_for_each_region),
)


@st.composite
def tables(draw):
    """Return rows of three organs at three to five times, every two hours and a second."""
    hours = draw(st.lists(st.integers(1, 100), min_size=3, max_size=5, unique=True).map(sorted))
    rows = []
    for region in SPELLINGS:
        start = draw(st.floats(20.0, 200.0))
        half_life = draw(st.floats(20.0, 100.0))
        for hour in hours:
            noise = draw(st.floats(0.9, 1.1))
            t = (7201 * hour) / 3600.0
            rows.append((region, t, start * noise * math.exp(-math.log(2.0) * t / half_life)))
    return rows


def read(folder, rows, layout):
    files, fields = layout(rows)
    for name, content in files.items():
        (folder / name).write_text(content, newline="")
    cycle = {
        "administered": f"{ADMINISTERED} MBq",
        "at": INJECTION.isoformat(),
        "measurements": "m.csv",
        **fields,
    }
    data = {
        "patient": {"id": "L-1", "sex": "female"},
        "therapy": {"regimen": "netter-1"},
        "cycles": [cycle],
    }
    return Patient.from_dict(data, folder)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=tables())
def test_ten_layouts_of_a_table_give_the_same_scans(tmp_path, rows):
    expected = sorted(rows)
    for layout in LAYOUTS:
        scans = net_cycle(read(tmp_path, rows, layout).cycles[0], 0).measured.scans
        found = sorted((scan.region, scan.time, scan.value) for scan in scans)
        for (region, time, value), scan in zip(expected, found, strict=True):
            assert scan[0] == region
            assert scan[1:] == pytest.approx((time, value), rel=1e-11)


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=tables())
def test_ten_layouts_of_a_table_give_the_same_plan(tmp_path, rows):
    first, *others = (dosimetry.plan(read(tmp_path, rows, layout)) for layout in LAYOUTS)
    for other in others:
        for one, two in zip(first.cumulative, other.cumulative, strict=True):
            assert one.region == two.region
            for name in ("value", "sd", "p5", "p95"):
                same = pytest.approx(getattr(one.absorbed_dose, name), rel=1e-9)
                assert getattr(two.absorbed_dose, name) == same
        for one, two in zip(first.flags, other.flags, strict=True):
            assert (one.limit, one.severity) == (two.limit, two.severity)
            assert two.probability == pytest.approx(one.probability, rel=1e-9, abs=1e-9)
