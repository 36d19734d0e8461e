"""Scans at their times: percentages, SUV, concentrations with and without volume, corrections."""

import pytest

from dosimetry import InputError
from dosimetry.patient.measurements.scan import Scan
from dosimetry.patient.scan_time import Administration, at_scan_time

GIVEN = Administration(activity=7200.0, half_life=159.528, weight=80_000.0)
DECAYED = 0.5 ** (24.0 / 159.528)  # of 177Lu after 24 h


def scan(value, unit, region="liver", **more):
    fields = {"sd": None, "volume": None, "recovery": 1.0, "place": "m.csv:2", **more}
    return Scan(region=region, time=24.0, value=value, unit=unit, **fields)


def resolved(entered, administration=GIVEN):
    (found,) = at_scan_time([entered], administration)
    return found.value, found.unit


@pytest.mark.parametrize(
    ("entered", "value", "unit"),
    [
        (scan(2.0, "%IA"), 144.0, "MBq"),  # 2 % of 7200 MBq
        (scan(300.0, "kBq/mL"), 300.0, "kBq/mL"),
        (scan(300.0, "kBq/mL", volume=160.0), 48.0, "MBq"),  # 300 kBq/mL x 160 mL
        (scan(300.0, "kBq/g"), 315.0, "kBq/mL"),  # at 1.05 g/mL
        (scan(0.01, "%IA/mL"), 720.0, "kBq/mL"),  # 0.72 MBq in 1 mL
        (scan(0.01, "%IA/g"), 756.0, "kBq/mL"),  # the same in 1 g, at 1.05 g/mL
        (scan(10.0, "SUV"), 900.0 * DECAYED, "kBq/mL"),  # 10 x 7,200,000 kBq / 80,000 g at 24 h
        (scan(10.0, "SUV", volume=2000.0), 1800.0 * DECAYED, "MBq"),
        (scan(300.0, "kBq/mL", recovery=0.75), 400.0, "kBq/mL"),
    ],
)
def test_every_unit_becomes_mbq_or_kbq_per_ml(entered, value, unit):
    found = resolved(entered)
    assert found[1] == unit
    assert found[0] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("region", ["blood", "red_marrow"])
def test_a_millilitre_of_blood_or_marrow_counts_as_a_gram(region):
    assert resolved(scan(300.0, "kBq/g", region)) == (300.0, "kBq/mL")
    assert resolved(scan(300.0, "kBq/mL", region, volume=2.0)) == (300.0, "kBq/mL")


@pytest.mark.parametrize(
    ("cycle", "file", "factor"),
    [
        (False, None, 1.0),
        (True, None, DECAYED),
        (True, False, 1.0),
        (False, True, DECAYED),
        (True, True, DECAYED),
    ],
)
def test_the_decay_reference_of_a_file_comes_first(cycle, file, factor):
    given = Administration(7200.0, 159.528, None, cycle)
    found, _ = resolved(scan(100.0, "MBq", decay_corrected=file), given)
    assert found == pytest.approx(100.0 * factor, rel=1e-12)


@pytest.mark.parametrize("corrected", [False, True])
def test_suv_is_corrected_for_decay_whatever_the_file_says(corrected):
    given = Administration(7200.0, 159.528, 80_000.0, corrected)
    assert resolved(scan(1.0, "SUV"), given)[0] == pytest.approx(90.0 * DECAYED, rel=1e-12)


def test_suv_without_a_weight_is_refused():
    with pytest.raises(InputError) as caught:
        resolved(scan(1.0, "SUV"), Administration(7200.0, 159.528))
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == ("weight-missing", "m.csv:2")


def test_the_sd_follows_its_value():
    (found,) = at_scan_time([scan(300.0, "kBq/mL", volume=160.0, sd=30.0)], GIVEN)
    assert found.sd == pytest.approx(4.8)
    assert found.by_volume
