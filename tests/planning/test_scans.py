"""Which scans of a cycle to come are worth it: the document, and what is refused."""

import json
import math

import jsonschema
import pytest
from sample_patients import EXAMPLES, PSMA, cycle, patient, washout

import dosimetry
from dosimetry import InputError
from dosimetry.planning.scans import scans_of_plan
from dosimetry.schemas import schema_of

NOTHING, TWO = EXAMPLES / "nothing_measured.yaml", EXAMPLES / "two_cycles.yaml"
CYCLE_1 = cycle(washout("kidneys", 9000.0, 60.0, sd="5 %", times=(4.0, 24.0, 96.0, 168.0)))
HEAVY = {"kidneys": "310 g"}


def refused(*arguments, **named):
    with pytest.raises(InputError) as caught:
        dosimetry.scans(*arguments, **named)
    (problem,) = caught.value.problems
    return problem


def kidneys(found):
    return next(region for region in found.regions if region.region == "kidneys")


def sds(region):
    return {tuple(t.value for t in one.times): one.sd for one in region.schedules}


def test_nothing_measured_gives_the_known_answers():
    # design/physics.md: noise 10 %, kidneys 51 h, cv 0.20, sd of ln of the initial activity 0.55.
    found = sds(kidneys(dosimetry.scans(NOTHING)))
    known = {(24,): 0.167, (72,): 0.099, (96,): 0.109, (168,): 0.211}
    known |= {(24, 168): 0.073, (24, 96, 168): 0.061}
    assert {times: found[times] for times in known} == pytest.approx(known, abs=0.0005)


def test_best_single_time_is_72_h():
    # Hou 2022, 177Lu-DOTATATE.
    assert kidneys(dosimetry.scans(NOTHING)).best[0].times[0].value == 72.0


def test_every_choice_up_to_the_budget_is_listed():
    found = kidneys(dosimetry.scans(NOTHING, at="24 h, 72 h, 1 week, 96 h", budget=2))
    assert len(found.schedules) == 4 + 6
    assert [best.scans for best in found.best] == [1, 2]
    assert {len(one.times) for one in found.schedules} == {1, 2}


def test_times_are_taken_in_any_unit_and_order_once_each():
    found = dosimetry.scans(NOTHING, at=["4 d", "24 h", "96 h"])
    assert [time.value for time in found.times] == [24.0, 96.0]
    assert found.budget == 3
    assert [best.scans for best in kidneys(found).best] == [1, 2]


def test_half_life_of_an_earlier_cycle_is_used():
    made = patient(CYCLE_1, masses=HEAVY)
    known, before = kidneys(dosimetry.scans(made)), kidneys(dosimetry.scans(NOTHING))
    assert known.half_life_from == (1,)
    assert known.half_life.value == pytest.approx(58.0, abs=1.5)  # 60 h drawn towards 51 h
    assert known.noise == pytest.approx(0.05)
    assert before.half_life_from == ()
    part = {one.times[0].value: one.sd_of_half_life for one in known.one_scan}
    of_population = {one.times[0].value: one.sd_of_half_life for one in before.one_scan}
    assert part[24.0] < 0.75 * of_population[24.0]


def test_half_life_of_the_patient_file_is_used():
    given = {"kidneys": {"value": "40 h", "sd": "5 %"}}
    found = dosimetry.scans(
        {
            "patient": {"id": "T-1", "sex": "male"},
            "therapy": {"regimen": "netter-1"},
            "effective_half_lives": given,
        }
    )
    assert kidneys(found).half_life.value == pytest.approx(40.0, rel=1e-3)
    assert any("the patient file" in line for line in found.assumptions)


def test_shape_of_an_earlier_cycle_is_used():
    found = kidneys(dosimetry.scans(EXAMPLES / "snmmi_patient4.yaml"))
    assert found.model == "uptake"


def test_probability_without_scans_is_that_of_the_plan():
    for file in (NOTHING, TWO):
        flags = {flag.limit: flag.probability for flag in dosimetry.plan(file).flags}
        for region in dosimetry.scans(file).regions:
            for limit in region.limits:
                assert limit.probability == pytest.approx(flags[limit.limit], rel=1e-9)


def test_report_s_scans_of_a_plan_equal_the_command_s():
    read = dosimetry.read_patient(TWO)
    assert scans_of_plan(read, dosimetry.plan(read)) == dosimetry.scans(TWO)


def test_plan_without_a_cycle_to_come_has_no_scans():
    read = dosimetry.read_patient(TWO)
    assert scans_of_plan(read, dosimetry.plan(read, cycles=2)) is None


def test_verdict_becomes_surer_with_every_scan():
    found = kidneys(dosimetry.scans(NOTHING))
    (limit, *_) = found.limits
    wrong = [limit.wrong_side, *(best.wrong_side[limit.limit] for best in found.best)]
    assert wrong == sorted(wrong, reverse=True)
    assert wrong[1] < 0.5 * wrong[0]


def test_gain_is_the_sd_less_that_of_one_scan_more():
    first, second, third = kidneys(dosimetry.scans(NOTHING)).best
    assert first.gain is None
    assert second.gain == pytest.approx(first.sd - second.sd)
    assert third.gain == pytest.approx(second.sd - third.sd)


def test_later_cycle_can_be_chosen():
    assert dosimetry.scans(NOTHING).cycle == 1
    assert dosimetry.scans(TWO).cycle == 3
    assert dosimetry.scans(TWO, cycle=4).cycle == 4


def test_marrow_from_the_population_is_not_scanned():
    (one,) = dosimetry.scans(NOTHING).not_scanned
    assert one.region == "red_marrow"
    assert "population" in one.reason


def test_region_that_no_scan_measures_is_named():
    own = {"id": "skin-own", "region": "skin", "quantity": "absorbed dose"}
    own |= {"limit": "5 Gy", "source": "example"}
    (one,) = dosimetry.scans(patient(limits=["kidneys-ad-23", own])).not_scanned
    assert (one.limit, one.reason) == ("skin-own", "a scan does not measure the skin itself")


def test_curve_that_is_not_exponential_lends_no_shape():
    made = patient({**CYCLE_1, "models": {"kidneys": "trapezoid"}}, masses=HEAVY)
    found = kidneys(dosimetry.scans(made))
    assert (found.model, found.half_life_from) == ("mono", (1,))


def test_curve_with_too_few_points_lends_no_shape():
    thin = cycle(washout("kidneys", 9000.0, 60.0, times=(24.0,)), models={"kidneys": "mono"})
    assert kidneys(dosimetry.scans(patient(thin, masses=HEAVY))).model == "mono"


def test_estimator_least_squares_has_scans_too():
    made = patient(CYCLE_1, masses=HEAVY, estimator="least-squares")
    by_posterior = kidneys(dosimetry.scans(patient(CYCLE_1, masses=HEAVY)))
    found = kidneys(dosimetry.scans(made))
    assert found.half_life == by_posterior.half_life
    assert found.best[0].sd == pytest.approx(by_posterior.best[0].sd, rel=0.02)


def test_marrow_from_blood_and_whole_body_is_scanned():
    times = (4.0, 24.0, 72.0, 168.0)
    body = washout("total_body", 300_000.0, 40.0, sd="5 %", times=times)
    blood = [
        {"time": f"{t} h", "concentration": f"{5.0 * math.exp(-t / 30.0)!r} kBq/mL", "sd": "10 %"}
        for t in times
    ]
    made = patient(cycle(body, blood=blood), limits=["red-marrow-ad-2"])
    (found,) = dosimetry.scans(made).regions
    assert (found.region, found.measured_in) == ("red_marrow", "blood")
    assert found.half_life_from == (1,)


def test_another_agent_has_the_sd_and_no_verdict():
    (found,) = dosimetry.scans(patient(agent=PSMA, limits=["kidneys-ad-23"])).regions
    assert (found.limits[0].probability, found.limits[0].wrong_side) == (None, None)
    assert found.best[0].wrong_side == {}


def test_early_candidate_is_said_to_leave_out_uptake():
    said = dosimetry.scans(NOTHING, at="4 h, 96 h").assumptions
    assert any("within 10 h can see uptake" in line for line in said)
    assert not any("within 10 h" in line for line in dosimetry.scans(NOTHING).assumptions)


def test_document_is_valid_under_its_schema():
    text = dosimetry.scans(TWO).to_json()
    document = json.loads(text)
    jsonschema.validate(document, schema_of("scans"))
    assert document["schema"] == "dosimetry/scans/1"
    assert text == dosimetry.scans(TWO).to_json()


@pytest.mark.parametrize(
    ("named", "code", "place"),
    [
        ({"at": "24"}, "no-unit", "at"),
        ({"at": "24 Gy"}, "wrong-dimension", "at"),
        ({"at": "-24 h"}, "not-positive", "at"),
        ({"at": "0 h, 24 h"}, "not-positive", "at"),
        ({"at": "20000 h"}, "out-of-range", "at"),
        ({"at": ", ".join(f"{t} h" for t in range(1, 14))}, "out-of-range", "at"),
        ({"at": []}, "wrong-type", "at"),
        ({"at": 24}, "wrong-type", "at"),
        ({"budget": 0}, "out-of-range", "budget"),
        ({"budget": 7}, "out-of-range", "budget"),
        ({"budget": True}, "out-of-range", "budget"),
        ({"budget": 1.5}, "out-of-range", "budget"),
        ({"cycle": 0}, "no-such-cycle", "cycle"),
        ({"cycle": 2}, "no-such-cycle", "cycle"),
        ({"cycle": 5}, "no-such-cycle", "cycle"),
        ({"cycle": True}, "no-such-cycle", "cycle"),
    ],
)
def test_impossible_request_is_refused(named, code, place):
    problem = refused(TWO, **named)
    assert (problem.code, problem.place) == (code, place)
    assert problem.cure


def test_refused_cycle_says_that_it_was_delivered():
    assert "delivered" in refused(TWO, cycle=2).message
    assert "delivered" not in refused(TWO, cycle=5).message


def test_complete_course_has_no_cycle_to_scan():
    done = cycle(washout("kidneys", 9000.0, 60.0))
    four = [{**done, "at": f"2026-0{month}-12"} for month in (1, 3, 5, 7)]
    assert refused(patient(*four, masses=HEAVY)).code == "no-cycle-to-scan"


@pytest.mark.parametrize("limits", [["red-marrow-ad-2"], []])
def test_no_limit_that_scans_measure_is_refused(limits):
    assert refused(patient(limits=limits)).code == "no-limit-to-scan"
