"""Priors of the dose per activity: renal function, a clinic's own table, tumours that lose uptake.

Expected numbers: known answers of the published model (Sood 2026, printed values of its supplement)
and of Roth 2022, or a computation written here.
"""

import math
from pathlib import Path

import pytest
from sample_patients import PSMA, codes, cycle, flag_of, region_of, washout

import dosimetry
from dosimetry import InputError, Patient
from dosimetry.course.region import DOSE
from dosimetry.course.regions import course_doses
from dosimetry.cycle.delivered import delivered_cycles
from dosimetry.cycle.dose import delivered_doses
from dosimetry.physics.course_total import course_total

LABEL_KIDNEYS, LABEL_MARROW = 0.654, 0.035  # Gy/GBq, mean of one cycle
COURSE = (7.4,) * 4  # GBq
CLINIC = "region,mean [Gy/GBq],sd [Gy/GBq],n\nkidneys,0.5,0.2,25\nspleen,0.9,0.5,25\n"


def creatinine(clearance):
    """Of a man of 60 years and 72 kg, whose clearance is 80 mL/min at 1 mg/dL."""
    return f"{80.0 / clearance!r} mg/dL"


def content(*clearances, cycles=(), age="60 year", agent="177Lu-DOTATATE", **therapy):
    """Creatinine before cycle 1, then in later months."""
    months = ("2026-01-08", "2026-02-20", "2026-04-20")
    person = {"id": "T-1", "sex": "male", "weight": "72 kg"}
    labs = [
        {"at": day, "creatinine": creatinine(one)}
        for day, one in zip(months, clearances, strict=False)
    ]
    return {
        "patient": {**person, **({"age": age} if age else {})},
        "therapy": {"regimen": "netter-1", "radiopharmaceutical": agent, **therapy},
        "cycles": list(cycles),
        "labs": labs,
    }


def regions(*clearances, **named):
    given = Patient.from_dict(content(*clearances, **named))
    return course_doses(given, delivered_doses(delivered_cycles(given))).regions


def median(region, activities=COURSE):
    total = course_total(region.posterior, [(a, 0.0) for a in activities])
    return total.quantiles((0.5,))[0]


def assumed(made, *words):
    return any(all(word in line for word in words) for line in made.assumptions)


# --- renal function -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clearance", "kidneys", "marrow", "over_29", "over_2"),
    [
        (70.0, 20.8, 1.45, 0.22, 0.28),  # Gy at 4 x 7.4 GBq, and the printed P(> 29 Gy), P(> 2 Gy)
        (97.0, 17.4, 1.01, 0.10, 0.08),
        (108.0, 16.4, 0.89, 0.08, 0.04),
    ],
)
def test_renal_function_gives_the_published_doses(clearance, kidneys, marrow, over_29, over_2):
    found = regions(clearance)
    assert median(found["kidneys"]) == pytest.approx(kidneys, abs=0.05)
    assert median(found["red_marrow"]) == pytest.approx(marrow, abs=0.005)
    for name, limit, printed in (("kidneys", 29.0, over_29), ("red_marrow", 2.0, over_2)):
        whole = found[name].with_activities(COURSE)
        assert whole.probability(DOSE, limit) == pytest.approx(printed, abs=0.03)


@pytest.mark.parametrize(("clearance", "activity"), [(40.0, 5.5), (70.0, 7.4), (97.0, 7.4)])
def test_population_reduces_the_regimen_at_low_clearance(clearance, activity):
    # clearance 40: the marrow's median is 0.984 Gy x (40/99)^-1.11 = 2.69 Gy, 7.4 x 2/2.69 = 5.5
    made = dosimetry.plan(content(clearance), "adjusted")
    assert [c.activity.value for c in made.cycles] == [pytest.approx(activity, abs=0.01)] * 4
    reduced = activity < 7.4
    assert made.decision.bound_by == (("red-marrow-ad-2",) if reduced else ())
    assert ("the decision rests on population data" in made.decision.reason) == reduced
    assert "kidneys-ad-23" in made.decision.not_bound_by


def test_other_organs_keep_the_label():
    with_it, without = regions(60.0), regions()
    assert with_it["spleen"].posterior.mean[0] == without["spleen"].posterior.mean[0]
    assert with_it["kidneys"].posterior.mean[0] > without["kidneys"].posterior.mean[0]


def test_spread_adds_exponent_and_clearance_in_quadrature():
    # 0.393^2 + (0.552 x 0.373 x ln(60/99))^2 + (0.552 x 0.15)^2, and ln(1 + 0.15^2) between cycles
    exponent, lower = 0.552 * 0.373, math.log(60 / 99)
    level = 0.393**2 + (exponent * lower) ** 2 + (0.552 * 0.15) ** 2
    covariance = regions(60.0)["kidneys"].posterior.covariance
    assert covariance[0, 1] == pytest.approx(level, rel=1e-12)
    assert covariance[0, 0] == pytest.approx(level + math.log1p(0.15**2), rel=1e-12)


def test_dose_is_proportional_to_activity_in_one_patient():
    kidneys = regions(60.0)["kidneys"]
    once, twice = (kidneys.with_activities((a,)).cumulative_dose().value for a in (3.7, 7.4))
    assert twice == pytest.approx(2 * once, rel=1e-12)


@pytest.mark.parametrize("missing", [{"age": None}, {"prior": "label"}, {"agent": PSMA}])
def test_label_is_used_without_renal_function(missing):
    found = regions(60.0, **missing)
    if "agent" in missing:
        assert not found
    else:
        coefficient = found["kidneys"].posterior.coefficient(0).value
        assert coefficient == pytest.approx(LABEL_KIDNEYS, rel=1e-9)


def test_last_creatinine_before_cycle_1_counts_for_the_course():
    given = content(60.0, 90.0, 40.0, cycles=[cycle(at="2026-03-01")])
    expected = regions(90.0)["kidneys"].posterior.mean[0]  # of 20 February
    found = course_doses(Patient.from_dict(given), []).regions["kidneys"]
    assert found.posterior.mean[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("later", "warns"), [(86.0, False), (84.0, True), (140.0, False)])
def test_later_fall_of_clearance_warns(later, warns):
    # from 100 mL/min; 15 % is the uncertainty of a clearance
    made = dosimetry.plan(content(100.0, later, cycles=[cycle()]))
    assert ("clearance-fell" in codes(made.warnings)) == warns


@pytest.mark.parametrize(("clearance", "warns"), [(69.0, True), (71.0, False), (109.0, True)])
def test_clearance_outside_70_to_108_is_extrapolated(clearance, warns):
    made = dosimetry.plan(content(clearance))
    assert ("renal-function-extrapolated" in codes(made.warnings)) == warns
    assert assumed(made, "kidneys", "by renal function", "extrapolated") == warns


def test_every_figure_of_the_prior_is_assumed_with_its_source():
    made = dosimetry.plan(content(80.0))
    assert assumed(made, "red marrow", "0.246 Gy x (clearance/99 mL/min)^-1.11", "Sood")
    assert assumed(made, "creatinine clearance 80 mL/min of 2026-01-08", "15 %")
    (line,) = [one for one in made.assumptions if one.startswith("not measured")]
    assert "kidneys" not in line


@pytest.mark.parametrize("missing", [{"age": None}, {"agent": PSMA}])
def test_requested_renal_function_must_be_known(missing):
    with pytest.raises(InputError) as caught:
        dosimetry.plan(content(60.0, prior="renal-function", **missing))
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == ("no-renal-function", "therapy.prior")


def test_option_replaces_the_prior_of_the_patient_file():
    given = content(60.0, prior="renal-function")
    made = dosimetry.plan(given, prior="label")
    kidneys = region_of(made.cycles[0].regions, "kidneys")
    assert kidneys.coefficient.value == pytest.approx(LABEL_KIDNEYS, rel=1e-9)
    assert (made.options.prior, made.provenance.replaced) == ("label", ())
    assert [f.probability for f in dosimetry.plan(given).flags] != [
        f.probability for f in made.flags
    ]


# --- a clinic's own table -----------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "clinic.csv").write_text(CLINIC, encoding="utf-8")
    return tmp_path


def test_clinic_table_replaces_the_regions_it_has(folder):
    given = Patient.from_dict(content(60.0, prior="clinic.csv"), folder)
    found = course_doses(given, []).regions
    assert found["kidneys"].posterior.coefficient(0).value == pytest.approx(0.5, rel=0.01)
    assert found["spleen"].posterior.coefficient(0).value == pytest.approx(0.9, rel=0.01)
    assert found["red_marrow"].posterior.mean[0] == regions(60.0)["red_marrow"].posterior.mean[0]
    # ln(1 + 0.4^2) over patients, and of the mean ln(1 + 0.4^2/25)
    variance = math.log1p(0.4**2) + math.log1p(0.4**2 / 25)
    assert found["kidneys"].posterior.covariance[0, 0] == pytest.approx(variance, rel=1e-12)


def test_clinic_table_serves_an_agent_without_population(folder):
    given = Patient.from_dict(content(agent=PSMA, prior="clinic.csv"), folder)
    assert {*course_doses(given, []).regions} == {"kidneys", "spleen"}


def test_clinic_table_is_hashed_and_assumed(folder):
    given = Patient.from_dict(content(60.0, prior="clinic.csv"), folder)
    made = dosimetry.plan(given)
    assert "clinic.csv" in made.provenance.inputs
    assert assumed(made, "kidneys", "0.5 Gy/GBq, sd 0.2 Gy/GBq in 25 patients (clinic.csv)")
    assert not assumed(made, "kidneys", "by renal function")
    assert given.to_dict()["therapy"]["prior"] == "clinic.csv"


def test_plan_by_a_clinic_table_is_verified(folder):
    (folder / "p.json").write_text(
        Patient.from_dict(content(60.0)).to_dict().__repr__().replace("'", '"'), encoding="utf-8"
    )
    made = dosimetry.plan(str(folder / "p.json"), prior="clinic.csv")
    assert dosimetry.verify(made, folder).ok
    (folder / "clinic.csv").write_text(CLINIC.replace("0.5", "0.6"), encoding="utf-8")
    assert not dosimetry.verify(made, folder).ok


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("", "empty-file", "clinic.csv:1"),
        ("region,mean [Gy/GBq],sd [Gy/GBq],n\n", "empty-file", "clinic.csv:1"),
        ("region,mean,sd [Gy/GBq],n\nliver,1,1,2\n", "no-unit", "clinic.csv:1: mean"),
        ("region,mean [Gy],sd [Gy/GBq],n\n", "wrong-dimension", "clinic.csv:1: mean [Gy]"),
        ("region,mean [Gy/GBq],n\nliver,1,2\n", "missing-column", "clinic.csv:1"),
        ("region,median,n\n", "unknown-column", "clinic.csv:1: median"),
        ("region,n,n\n", "column-twice", "clinic.csv:1: n"),
        (CLINIC + "livr,1,1,2\n", "unknown-region", "clinic.csv:4: region"),
        (CLINIC + "kidneys,1,1,2\n", "region-twice", "clinic.csv:4"),
        (CLINIC + "liver,-1,1,2\n", "out-of-range", "clinic.csv:4: mean"),
        (CLINIC + "liver,1,1e-9,2\n", "out-of-range", "clinic.csv:4: sd"),
        (CLINIC + "liver,1,x,2\n", "not-a-number", "clinic.csv:4: sd"),
        (CLINIC + "liver,1,1,2.5\n", "not-a-count", "clinic.csv:4: n"),
        (CLINIC + "liver,1,1\n", "wrong-number-of-cells", "clinic.csv:4"),
        (CLINIC + "liver,1,100,2\n", "out-of-range", "clinic.csv:4: sd"),
    ],
)
def test_wrong_clinic_table_is_refused_with_its_line(folder, text, code, place):
    (folder / "clinic.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Patient.from_dict(content(prior="clinic.csv"), folder)
    assert [(p.code, f"{p.place}") for p in caught.value.problems] == [(code, place)]


def test_decimal_commas_are_read_between_semicolons(folder):
    text = "region;mean [mGy/MBq];sd [mGy/MBq];n\n\nkidneys;0,5;0,2;25\n"
    (folder / "clinic.csv").write_text(text, encoding="utf-8")
    given = Patient.from_dict(content(prior="clinic.csv"), folder)
    assert given.therapy.prior.doses["kidneys"].mean == pytest.approx(0.5)  # mGy/MBq is Gy/GBq


def test_clinic_table_of_the_docs_is_read(folder):
    page = (Path(dosimetry.__file__).parents[1] / "docs" / "patient_file.md").read_text("utf-8")
    table = page.split("```csv\nregion,mean")[1].split("```")[0]
    (folder / "clinic.csv").write_text(f"region,mean{table}", encoding="utf-8")
    given = Patient.from_dict(content(prior="clinic.csv"), folder)
    assert {*given.therapy.prior.doses} == {"kidneys", "red_marrow"}


@pytest.mark.parametrize(
    ("prior", "code"), [("lable", "unknown-word"), ("none.csv", "no-such-file"), (3, "not-a-text")]
)
def test_unknown_prior_is_refused(prior, code):
    with pytest.raises(InputError) as caught:
        dosimetry.plan(content(prior=prior))
    assert [p.code for p in caught.value.problems] == [code]
    with pytest.raises(InputError) as caught:
        dosimetry.plan(content(), prior=prior)
    assert [(p.code) for p in caught.value.problems] == [code]


# --- tumours ------------------------------------------------------------------------------------


def tumour(agent="177Lu-DOTATATE", **therapy):
    exact = {"tumour_1": {"value": f"{14.30 / 7.4!r} Gy/GBq", "sd": "0.0001 %"}}
    given = content(cycles=[cycle(dose_coefficients=exact)], agent=agent, **therapy)
    return dosimetry.plan(given)


@pytest.mark.parametrize(
    ("grade", "later"),
    [
        (1, (13.44, 12.64, 11.88)),  # -6 %, Roth 2022: Gy in cycles 2, 3, 4 after 14.30 Gy
        (2, (12.30, 10.58, 9.10)),  # -14 %
        (3, (12.87, 11.58, 10.42)),  # -10 %, as unknown
        (None, (12.87, 11.58, 10.42)),
    ],
)
def test_tumours_lose_dose_from_cycle_to_cycle(grade, later):
    made = tumour(**({} if grade is None else {"tumour_grade": f"{grade}"}))
    found = [region_of(c.regions, "tumour_1").absorbed_dose.value for c in made.cycles]
    assert found == pytest.approx((14.30, *later), abs=0.006)
    assert assumed(made, "tumour 1 changes by", "Roth")


def test_tumour_of_another_agent_keeps_its_dose():
    # no trend, and p(mu) ~ exp(-mu): the mean of the next cycle is the measured one
    made = tumour(PSMA)
    found = [region_of(c.regions, "tumour_1").absorbed_dose.value for c in made.cycles]
    assert found == pytest.approx((14.30,) * 4, abs=0.006)
    assert assumed(made, "tumour 1 changes by 0 %", "no figure for 177Lu-PSMA-617")


@pytest.mark.parametrize("grade", ["0", "4", "G2"])
def test_unknown_tumour_grade_is_refused(grade):
    with pytest.raises(InputError) as caught:
        tumour(tumour_grade=grade)
    assert caught.value.problems[0].place == "therapy.tumour_grade"


# --- nothing measured ---------------------------------------------------------------------------


def test_label_population_gives_the_known_answers():
    # mean, sd, 5th and 95th percentile, P(> limit) of 4 x 7.4 GBq: textbook log-normal sums
    made = dosimetry.plan(content())
    for name, limit, numbers, chance in (
        ("kidneys", "kidneys-ad-23", (19.358, 8.295, 9.06, 34.95), 0.2660),
        ("red_marrow", "red-marrow-ad-2", (1.0360, 0.790, 0.270, 2.509), 0.0951),
    ):
        dose = region_of(made.cumulative, name).absorbed_dose
        found = (dose.value, dose.sd, dose.p5, dose.p95)
        assert found == pytest.approx(numbers, rel=2e-3)
        assert flag_of(made, limit).probability == pytest.approx(chance, abs=0.0005)


def test_measured_kidneys_outweigh_the_renal_function():
    measured = [cycle(washout("kidneys", 6000.0, sd="1 %"))]
    one, other = (
        region_of(dosimetry.plan(content(c, cycles=measured)).cumulative, "kidneys").absorbed_dose
        for c in (60.0, 120.0)
    )
    assert one.value == pytest.approx(other.value, rel=0.1)  # before a measurement 1.47 times
