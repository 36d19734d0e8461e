"""One scan in a course: choice of the half-life, dose and uncertainty.

Sources: table effective_half_lives (kidneys 51 h, geometric cv 0.20; liver 67 h); simulated
patients and brute-force Monte Carlo written here.
"""

import functools
import math

import numpy as np
import pytest
from recalculated_plan import Phantom
from sample_patients import PSMA, codes, cycle, region_of, washout

import dosimetry
from dosimetry import InputError, Patient

LN2, PHYSICAL = math.log(2), 159.528  # h, 177Lu, ICRP 107
MEDIAN, CV = 51.0, 0.20
SIDES = ("kidney_left", "kidney_right")
FULL = (4.0, 24.0, 72.0, 168.0)
S_KIDNEYS = Phantom("male").s["kidneys", "kidneys"]  # Gy/(MBq h)
DATES = ("2026-01-12", "2026-03-09", "2026-05-04")


def spread(cv):
    return math.sqrt(math.log1p(cv**2))


def one_scan(region, time=72.0, activity=60.0, sd="10 %"):
    return [{"region": region, "time": f"{time!r} h", "activity": f"{activity!r} MBq", "sd": sd}]


def full(region, half_life, tia=4000.0):
    return washout(region, tia, half_life, times=FULL)


def patient(*cycles, agent="177Lu-DOTATATE", half_lives=None, masses=None, **fields):
    """A man with these curves, cycle by cycle."""
    return Patient.from_dict(
        {
            "patient": {"id": "O-1", "sex": "male"},
            "therapy": {"radiopharmaceutical": agent, "regimen": "netter-1"},
            "effective_half_lives": half_lives or {},
            "masses": masses or {},
            "cycles": [
                cycle(*curves, at=at, **fields)
                for curves, at in zip(cycles, DATES[: len(cycles)], strict=True)
            ],
        }
    )


def plan(*cycles, **named):
    return dosimetry.plan(patient(*cycles, **named))


def last_curve(made, region):
    """The curve of a region in the last cycle that has one."""
    return [curve for curve in made.curves if curve.region == region][-1]


def dose_of(made, region, number=1):
    return region_of(made.cycles[number - 1].regions, region).absorbed_dose


def causes(made, region, number=1):
    """Relative sd by cause."""
    entry = region_of(made.cycles[number - 1].regions, region)
    return {part.cause: part.sd.value / entry.absorbed_dose.value for part in entry.uncertainty}


def refused(*cycles, **named):
    with pytest.raises(InputError) as caught:
        plan(*cycles, **named)
    return caught.value.problems


# --- which half-life ----------------------------------------------------------------------------


def test_earlier_cycle_takes_precedence_for_the_half_life():
    made = plan([full("liver", 80.0)], [one_scan("liver")], half_lives={"liver": "40 h"})
    found = last_curve(made, "liver")
    assert (
        found.choice
        == "one scan; half-life 80 h: measured in cycle 1; 40 h of the patient file not used"
    )
    assert found.effective_half_life.value == pytest.approx(80.0, rel=1e-6)


def test_half_life_of_the_patient_file_precedes_population():
    made = plan([one_scan("liver")], half_lives={"liver": {"value": "40 h", "sd": "4 h"}})
    found = last_curve(made, "liver")
    assert found.choice == "one scan; half-life 40 h: from the patient file"
    assert found.effective_half_life.sd == pytest.approx(40 * spread(0.10))


@pytest.mark.parametrize(("region", "half_life"), [("liver", "67"), ("kidneys", "51")])
def test_population_half_life_is_last_and_names_its_source(region, half_life):
    found = last_curve(plan([one_scan(region)]), region)
    assert found.choice.startswith(f"one scan; half-life {half_life} h: population, ")
    assert "Hanscheid 2018" in found.choice


def test_latest_full_curve_gives_the_half_life():
    made = plan([full("liver", 80.0)], [full("liver", 60.0)], [one_scan("liver")])
    assert last_curve(made, "liver").choice.endswith("half-life 60 h: measured in cycle 2")


def test_supplied_half_life_is_not_passed_to_later_cycles():
    made = plan([full("liver", 80.0)], [one_scan("liver")], [one_scan("liver")])
    assert last_curve(made, "liver").choice.endswith("half-life 80 h: measured in cycle 1")


def test_half_life_without_sd_has_the_population_sd():
    given, assumed = (
        last_curve(plan([one_scan("kidneys")], half_lives=given), "kidneys")
        for given in ({"kidneys": "51 h"}, {})
    )
    assert "from the patient file, no sd given; 20 % used" in given.choice
    assert given.tia == assumed.tia


def test_half_life_of_the_kidneys_serves_both_sides():
    made = plan([one_scan(side) for side in SIDES], half_lives={"kidneys": "60 h"})
    for side in SIDES:
        assert "half-life 60 h: from the patient file" in last_curve(made, side).choice


def test_earlier_blood_gives_the_half_life_of_one_sample():
    samples = [
        {"time": f"{t} h", "concentration": f"{50 * 2 ** (-t / 20)!r} kBq/mL"} for t in (1, 8, 24)
    ]
    data = {
        "patient": {"id": "O-2", "sex": "male"},
        "therapy": {"regimen": "netter-1"},
        "cycles": [cycle(blood=samples, at=DATES[0]), cycle(blood=samples[1:2], at=DATES[1])],
    }
    found = last_curve(dosimetry.plan(Patient.from_dict(data)), "blood")
    assert found.choice == "one scan; half-life 20 h: measured in cycle 1"


@pytest.mark.parametrize(
    ("region", "agent"),
    [("liver", PSMA), ("lungs", "177Lu-DOTATATE")],
    ids=["another agent", "a region without a row"],
)
def test_one_scan_without_any_half_life_is_refused_with_the_cure(region, agent):
    (problem,) = refused([one_scan(region)], agent=agent)
    assert (problem.code, problem.place) == ("no-half-life", "cycles[0].measurements")
    assert f"effective_half_lives.{region}" in problem.cure
    assert "second time" in problem.cure
    cured = plan([one_scan(region)], agent=agent, half_lives={region: "50 h"})
    assert last_curve(cured, region).model == "single-point"


def test_undetermined_earlier_half_life_is_not_exact():
    # rising from 4 to 24 h: after it physical decay is assumed, a half-life without an sd
    rising = [*one_scan("kidneys", 4.0, 60.0, "5 %"), *one_scan("kidneys", 24.0, 80.0, "5 %")]
    made = plan([rising], [one_scan("kidneys", 48.0)])
    assert causes(made, "kidneys", 2).get("half-life", 0.0) > 0.0


def test_uncertain_half_life_stays_below_administered():
    # two scans half an hour apart: 10 h +- 21 h; the most is 7.4 GBq that stays in the kidneys
    close = [*one_scan("kidneys", 24.0, 60.0, "5 %"), *one_scan("kidneys", 24.5, 58.0, "5 %")]
    found = dose_of(plan([close], [one_scan("kidneys", 48.0)]), "kidneys", 2)
    assert found.p95 <= 7400.0 * PHYSICAL / LN2 * S_KIDNEYS


def test_a_single_point_model_is_for_one_scan():
    (problem,) = refused([full("liver", 60.0)], models={"liver": "single-point"})
    assert problem.code == "too-many-points"


@pytest.mark.parametrize("value", ["0 h", "-51 h", "nan h", "51", "51 MBq"])
def test_impossible_half_life_is_refused_at_its_field(value):
    (problem,) = refused([one_scan("liver")], half_lives={"liver": value})
    assert problem.place == "effective_half_lives.liver"


def test_unused_half_life_draws_a_warning():
    assert "half-life-not-used" in codes(
        plan([full("liver", 60.0)], half_lives={"liver": "50 h"}).warnings
    )
    made = plan([one_scan("liver")], half_lives={"liver": "50 h"})
    assert "half-life-not-used" not in codes(made.warnings)


# --- what stands beside it ----------------------------------------------------------------------


def test_hanscheid_estimate_is_reported_beside_the_curve():
    # 2 x 72 h x 60 MBq / ln 2
    found = last_curve(plan([one_scan("kidneys")]), "kidneys").cross_check
    assert found.value == pytest.approx(12464.885, abs=0.001)
    assert last_curve(plan([full("kidneys", 50.0)]), "kidneys").cross_check is None


@pytest.mark.parametrize(("time", "warned"), [(38.0, True), (39.0, False), (127.0, False)])
def test_a_scan_outside_0_75_to_2_5_half_lives_draws_a_warning(time, warned):
    # 38.25 h to 127.5 h of the population's 51 h
    made = plan([one_scan("kidneys", time)])
    found = [w for w in made.warnings if w.code == "scan-time-unfavourable"]
    assert [w.place for w in found] == ["cycles[0] kidneys"] * warned


def test_plan_with_one_scan_reports_it():
    made = plan([full("liver", 80.0)], [one_scan("liver")])
    assert [w.place for w in made.warnings if w.code == "one-scan-only"] == ["cycles[1] liver"]


# --- the dose and its interval ------------------------------------------------------------------


@pytest.mark.parametrize("time", [24.0, 72.0, 96.0, 168.0])
def test_dose_interval_equals_monte_carlo(time):
    # 200,000 draws, independent of the package; 0.6 %: four Monte Carlo errors at 168 h
    rng = np.random.default_rng(11)
    drawn = MEDIAN * np.exp(spread(CV) * rng.standard_normal(200_000))
    scan = 60.0 * np.exp(spread(0.10) * rng.standard_normal(200_000))
    doses = scan * np.exp2(time / drawn) * drawn / LN2 * S_KIDNEYS
    found = dose_of(plan([one_scan("kidneys", time)]), "kidneys")
    assert [found.p5, found.p95] == pytest.approx(np.percentile(doses, [5, 95]), rel=0.006)


def test_one_scan_dose_is_tia_times_s():
    # that the area is the median of the distribution: tests/physics/test_one_scan.py
    made = plan([one_scan("kidneys")])
    assert dose_of(made, "kidneys").value == pytest.approx(made.curves[0].tia.value * S_KIDNEYS)


def test_one_draw_of_the_half_life_serves_both_kidneys():
    # two draws would leave 1/sqrt(2) of it for the pair
    found = plan([one_scan("kidney_left", 24.0, 80.0), one_scan("kidney_right", 24.0, 80.0)])
    left, right, pair = (causes(found, name) for name in (*SIDES, "kidneys"))
    assert left["half-life"] == right["half-life"] > 0.1
    assert pair["half-life"] == pytest.approx(left["half-life"], rel=1e-9)
    assert pair["counting and fit"] == pytest.approx(left["counting and fit"] / math.sqrt(2))


def test_different_kidneys_share_one_half_life():
    # mass-weighted mean of one and the same relative change
    curves = [one_scan("kidney_left", 24.0, 90.0), one_scan("kidney_right", 24.0, 30.0)]
    found = plan(curves, masses={"kidney_left": "200 g", "kidney_right": "120 g"})
    left, pair = causes(found, "kidney_left"), causes(found, "kidneys")
    assert pair["half-life"] == pytest.approx(left["half-life"], rel=1e-9)


@pytest.mark.parametrize("times", [(24.0, 120.0), (4.0, 72.0)], ids=str)
def test_two_scans_give_a_mono_exponential_through_both(times):
    made = plan([washout("kidneys", 5000.0, 47.0, times=times)])
    (curve,) = made.curves
    assert (curve.model, curve.dof) == ("mono", 0)
    assert curve.chi2 == pytest.approx(0.0, abs=1e-12)
    assert curve.tia.value == pytest.approx(5000.0, rel=1e-9)
    assert curve.effective_half_life.value == pytest.approx(47.0, rel=1e-9)
    assert dose_of(made, "kidneys").value == pytest.approx(5000.0 * S_KIDNEYS, rel=1e-9)


def test_one_scan_after_a_full_curve_uses_its_half_life():
    # activity 60 MBq at 72 h, half-life 47 h measured in cycle 1; later doses near that value
    made = plan([full("kidneys", 47.0)], [one_scan("kidneys")], [one_scan("kidneys", 96.0, 45.0)])
    expected = 60.0 * 2 ** (72 / 47) * 47 / LN2 * S_KIDNEYS
    assert dose_of(made, "kidneys", 2).value == pytest.approx(expected, rel=0.005)
    assert [c.model for c in made.curves] == ["mono", "single-point", "single-point"]
    assert "half-life" not in causes(made, "kidneys", 1)
    for number in (2, 3):  # the half-life of four scans is better known than the population's
        assert 0 < causes(made, "kidneys", number)["half-life"] < CV
    assert region_of(made.cycles[3].regions, "kidneys").basis == "predicted"


# --- coverage on synthetic patients -------------------------------------------------------------


@functools.cache
def stated(time, activity):
    """Value, p5 and p95 of the kidney dose from one scan, as the plan has them."""
    found = dose_of(plan([one_scan("kidneys", time, activity)]), "kidneys")
    return np.array([found.value, found.p5, found.p95])


def synthetic(time, count=10_000):
    """True dose (Gy) and measured activity (MBq) of patients with mono-exponential kidneys."""
    rng = np.random.default_rng(int(time))
    half_life = MEDIAN * np.exp(spread(CV) * rng.standard_normal(count))
    half_life = np.minimum(half_life, PHYSICAL)
    start = 120.0 * np.exp(0.4 * rng.standard_normal(count))
    noise = np.exp(spread(0.10) * rng.standard_normal(count))
    return start * half_life / LN2 * S_KIDNEYS, start * np.exp2(-time / half_life) * noise


@pytest.mark.parametrize("time", [24.0, 72.0, 96.0])
def test_interval_90_covers_88_to_92_percent_of_patients(time):
    # it scales exactly with the activity (next test), so that one plan serves all patients
    truth, measured = synthetic(time)
    _, low, high = stated(time, 60.0) / 60.0
    covered = np.mean((low * measured <= truth) & (truth <= high * measured))
    assert 0.88 <= covered <= 0.92


@pytest.mark.parametrize("time", [24.0, 72.0, 96.0])
def test_dose_interval_scales_with_the_activity(time):
    _, measured = synthetic(time, 5)
    for activity in measured.tolist():
        expected = stated(time, 60.0) * activity / 60.0
        np.testing.assert_allclose(stated(time, activity), expected, rtol=1e-9)
