"""One delivered cycle resolved: net activity, scans at scan time, masses, each once."""

from dataclasses import FrozenInstanceError

import pytest
from sample_patients import cycle, first_dose, patient, planned, washout

import dosimetry
from dosimetry import InputError
from dosimetry.cycle import delivered
from dosimetry.cycle.delivered import delivered_cycles
from dosimetry.patient import net_activity
from dosimetry.patient.net_cycle import net_cycle

HALF_LIFE = 159.528  # of 177Lu in h
LIVER = washout("liver", 4000.0)


def net_of(*curves, **fields):
    return net_cycle(patient(cycle(*curves, **fields)).cycles[0], 0)


def scan_of(row, **fields):
    [scan] = net_of([row], **fields).measured.scans
    return scan


def liver(activity="80 MBq", time="24 h", **columns):
    return {"region": "liver", "time": time, "activity": activity, **columns}


def near(value):
    return pytest.approx(value, rel=1e-12)


# --- net activity -------------------------------------------------------------------------------


def test_net_activity_is_prepared_less_residual_at_injection():
    given = {
        "prepared": "7.5 GBq",
        "prepared_at": "2026-01-12T07:30",
        "residual": "60 MBq",
        "residual_at": "2026-01-12T11:30",
    }
    net = net_of(LIVER, administered=given, at="2026-01-12T09:30")
    expected = 7500 * 2 ** (-2 / HALF_LIFE) - 60 * 2 ** (2 / HALF_LIFE)
    assert net.activity == near(expected)
    assert net.activity_gbq == near(expected / 1000)


def test_plan_and_cycle_dose_have_the_same_net_activity():
    given = {"prepared": "7.42 GBq", "residual": "55 MBq"}
    made = planned(cycle(LIVER, administered=given))
    net = first_dose(patient(cycle(LIVER, administered=given))).net
    assert net.activity == near(7365.0)
    assert made.cycles[0].activity.value == near(net.activity_gbq)


def test_activity_that_cannot_be_names_its_place():
    nothing = {"prepared": "60 MBq", "residual": "60 MBq"}
    with pytest.raises(InputError) as caught:
        patient(cycle(LIVER), cycle(administered=nothing, at="2026-03-09"))
    assert [problem.place for problem in caught.value.problems] == [
        "cycles[1].administered.residual"
    ]


def test_left_activity_falls_with_the_physical_half_life():
    net = net_of(LIVER, administered="7.4 GBq")
    assert net.left(0.0) == 7400.0
    assert net.left(HALF_LIFE) == near(3700.0)


# --- scans at scan time -------------------------------------------------------------------------


def test_percent_of_administered_is_taken_of_the_net_activity():
    given = {"prepared": "7.42 GBq", "residual": "20 MBq"}
    scan = scan_of(liver("1.5 %IA", sd="0.3 %IA"), administered=given)
    assert (scan.value, scan.sd, scan.unit) == (near(111.0), near(22.2), "MBq")


def test_recovery_divides_value_and_sd():
    scan = scan_of(liver(sd="5 %", recovery="0.8"))
    assert (scan.value, scan.sd) == (near(100.0), near(5.0))
    assert (scan.entered.value, scan.entered.recovery) == (80.0, 0.8)


def test_percent_sd_stays_relative_at_scan_time():
    given = {"recovery": "0.8", "time": f"{HALF_LIFE} h"}
    one = scan_of(liver(sd="5 %", **given), decay_corrected_to="administration")
    other = scan_of(liver(sd="4 MBq", **given), decay_corrected_to="administration")
    assert (one.sd, one.relative, one.entered.relative_sd) == (near(2.5), True, 5.0)
    assert (other.sd, other.relative, other.entered.relative_sd) == (near(2.5), False, None)


def test_decay_correction_is_undone_at_each_scan():
    corrected = liver(time=f"{HALF_LIFE} h", sd="4 MBq")
    scan = scan_of(corrected, decay_corrected_to="administration")
    assert (scan.value, scan.sd) == (near(40.0), near(2.0))
    assert scan_of(corrected).value == 80.0


def test_scan_without_sd_has_none_until_the_fit():
    assert scan_of(liver()).sd is None


def test_blood_is_resolved_like_the_scans():
    samples = [{"time": f"{HALF_LIFE} h", "concentration": "10 kBq/mL"}]
    net = net_of(LIVER, blood=samples, decay_corrected_to="administration")
    [sample] = net.blood.scans
    assert (sample.value, sample.unit, sample.region) == (near(5.0), "kBq/mL", "blood")
    assert net.blood.place_of(sample) == "cycles[0].blood[0]"


def test_scans_of_a_region_come_in_order_of_time():
    net = net_of([liver(time="96 h"), liver(time="4 h")], washout("spleen", 900.0))
    by_region = net.measured.by_region()
    assert list(by_region) == ["liver", "spleen"]
    assert [scan.time for scan in by_region["liver"]] == [4.0, 96.0]
    assert [scan.time for scan in net.measured.scans[:2]] == [96.0, 4.0]  # as entered


def test_places_name_the_line_of_a_file_or_the_entry_of_a_list(tmp_path):
    (tmp_path / "c1.csv").write_text("region,time [h],activity [MBq]\nliver,4,80\nliver,96,30\n")
    from_list = net_of(LIVER).measured
    assert from_list.place_of(from_list.scans[1]) == "cycles[0].measurements[1]"
    assert from_list.column("activity") == "cycles[0].measurements"
    data = {
        "patient": {"id": "T-1", "sex": "male"},
        "therapy": {"regimen": "netter-1"},
        "cycles": [cycle(measurements="c1.csv")],
    }
    entry = type(patient()).from_dict(data, tmp_path).cycles[0]
    from_file = net_cycle(entry, 0).measured
    assert from_file.place_of(from_file.scans[1]) == "c1.csv:3"
    assert from_file.column("activity") == "c1.csv: activity"


def test_systematic_uncertainty_is_a_relative_sd_or_none():
    assert net_of(LIVER, systematic_uncertainty="6 %").systematic_sd == 0.06
    assert net_of(LIVER).systematic_sd is None


def test_resolved_cycle_cannot_be_changed():
    net = net_of(LIVER)
    with pytest.raises(FrozenInstanceError):
        net.activity = 1.0
    with pytest.raises(FrozenInstanceError):
        net.measured.scans[0].value = 1.0


# --- the cycles of a patient --------------------------------------------------------------------


def test_volume_of_an_earlier_cycle_is_the_mass_of_a_later_one():
    scans = washout("spleen", 900.0, volume="200 mL")
    later = cycle(washout("spleen", 900.0), at="2026-03-09")
    first, second = delivered_cycles(patient(cycle(scans), later))
    assert first.masses["spleen"].value == second.masses["spleen"].value == near(210.0)
    assert (second.net.index, second.net.number) == (1, 2)


def test_masses_are_those_that_doses_depend_on():
    coefficients = {"kidney_left": "0.4 Gy/GBq", "kidney_right": "0.7 Gy/GBq"}
    one = patient(cycle(LIVER, washout("tumour", 100.0), dose_coefficients=coefficients))
    [found] = delivered_cycles(one)
    assert set(found.masses) == {"liver", "kidney_left", "kidney_right", "total_body"}  # no tumour
    pair = patient(cycle(LIVER, dose_coefficients={"kidneys": "0.4 Gy/GBq"}))
    assert set(delivered_cycles(pair)[0].masses) == {"liver", "total_body"}


def test_unusual_mass_is_warned_of_at_its_region():
    [found] = delivered_cycles(patient(cycle(LIVER), masses={"liver": "500 g"}))
    assert found.unusual_masses["liver"].place == "cycles[0] liver"
    assert "total_body" not in found.unusual_masses


def test_voi_smaller_than_its_content_names_the_patient_file():
    tumour = washout("tumour_liver", 100.0, volume="900 mL")
    scans = washout("liver", 4000.0, volume="800 mL")
    given = patient(cycle(scans, tumour, contains={"liver": ["tumour_liver"]}))
    with pytest.raises(InputError) as caught:
        delivered_cycles(given, "p.yaml")
    [problem] = caught.value.problems
    assert (problem.code, problem.place) == (
        "contained-mass",
        "p.yaml: cycles[0].contains.liver",
    )


def test_plan_resolves_activity_and_mass_of_each_cycle_once(monkeypatch):
    calls = []

    def counted(function):
        def count(*arguments):
            calls.append(function.__name__)
            return function(*arguments)

        return count

    given = patient(cycle(LIVER), cycle(LIVER, at="2026-03-09"))
    monkeypatch.setattr(net_activity, "activity", counted(net_activity.activity))
    monkeypatch.setattr(delivered, "region_mass", counted(delivered.region_mass))
    dosimetry.plan(given)
    assert calls == ["activity", "region_mass"] * 2
