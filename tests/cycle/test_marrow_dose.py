"""Red marrow dose of a cycle: from blood, from vertebrae, or from the population.

Expected doses are computed here from the raw CSV of ``reference_tables``: TIA x S, with the TIAs
that the samples were made with. Nothing of dosimetry computes them.
"""

import math

import pytest
from recalculated_plan import Phantom
from sample_patients import EXACT, cycle, region_of, washout

import dosimetry
from dosimetry import InputError, Patient

MALE = Phantom("male")  # S in Gy/(MBq h), masses in g, as the tables have them
SAMPLES, SCANS = (0.5, 2.0, 8.0, 24.0), (4.0, 24.0, 72.0, 168.0)
BLOOD = 900.0  # kBq h/mL
TIAS = {"liver": 4321.0, "spleen": 1234.5, "kidneys": 6789.0}  # MBq h
BODY = {"total_body": 120_000.0, "remainder_of_body": 100_000.0}  # MBq h
WEIGHT = 97.5  # kg
S_SELF = MALE.s["red_marrow", "red_marrow"]


def decaying(tia, half_life, times, unit):
    """Points on a exp(-l t) with this area, each with its time."""
    rate = math.log(2) / half_life
    return [(f"{t!r} h", f"{tia * rate * math.exp(-rate * t)!r} {unit}") for t in times]


def scans(region, tia, half_life=60.0):
    return washout(region, tia, half_life, times=SCANS)


def vertebrae(tia=BLOOD, unit="kBq/mL", **columns):
    """Concentrations in lumbar vertebrae."""
    return [
        {"region": "red_marrow", "time": time, "concentration": value, "sd": EXACT, **columns}
        for time, value in decaying(tia, 40.0, SCANS, unit)
    ]


def blood(tia=BLOOD, half_life=20.0, times=SAMPLES, unit="kBq/mL"):
    return [
        {"time": time, "concentration": value, "sd": EXACT}
        for time, value in decaying(tia, half_life, times, unit)
    ]


def patient(*curves, person=None, masses=None, therapy=None, **fields):
    """A man with one cycle of 7.4 GBq and these curves."""
    return Patient.from_dict(
        {
            "patient": {"id": "M-1", "sex": "male", **(person or {})},
            "therapy": {"regimen": "netter-1", **(therapy or {})},
            "masses": masses or {},
            "cycles": [cycle(*curves, **fields)],
        }
    )


def first_cycle(*curves, region="red_marrow", **named):
    """What the first cycle gives one region."""
    return region_of(dosimetry.plan(patient(*curves, **named)).cycles[0].regions, region)


def parts(entry):
    return {part.source: part.absorbed_dose.value for part in entry.contributions}


def exactly(value):
    return pytest.approx(value, rel=1e-9)


def problems(*regions, **named):
    with pytest.raises(InputError) as caught:
        dosimetry.plan(patient(*regions, **named))
    return [(problem.code, problem.place) for problem in caught.value.problems]


def warned(*regions, **named):
    return {(w.code, w.place) for w in dosimetry.plan(patient(*regions, **named)).warnings}


# --- the hand-worked example --------------------------------------------------------------------


def organs():
    return [scans(region, tia) for region, tia in TIAS.items()]


def marrow_tia(weight=WEIGHT):
    """RMBLR 1, 1 mL as 1 g, the phantom's marrow scaled with the body mass; in MBq h."""
    return BLOOD * 1e-3 * MALE.mass["red_marrow"] * weight * 1000 / MALE.mass["total_body"]


def hand_worked(body):
    """Contributions to the red marrow of the example in Gy."""
    expected = {name: tia * MALE.s["red_marrow", name] for name, tia in TIAS.items()}
    expected["red_marrow"] = marrow_tia() * S_SELF * MALE.mass["total_body"] / 1000 / WEIGHT
    rest = BODY[body] - (sum(TIAS.values()) + marrow_tia() if body == "total_body" else 0.0)
    weight = MALE.from_rest("red_marrow", [*TIAS, "red_marrow"])
    # The marrow's electrons from the bone around it: all of it scales with 1/body mass.
    heavier = WEIGHT * 1000 / MALE.mass["total_body"]
    return expected | {"remainder_of_body": rest * weight / heavier}


@pytest.mark.parametrize("body", BODY)
def test_marrow_contributions_equal_the_hand_calculation(body):
    found = first_cycle(
        *organs(), scans(body, BODY[body]), blood=blood(), person={"weight": f"{WEIGHT} kg"}
    )
    expected = hand_worked(body)
    assert parts(found) == {name: exactly(dose) for name, dose in expected.items()}
    assert found.absorbed_dose.value == exactly(sum(expected.values()))
    assert found.basis == "measured"


def test_hand_calculation_has_its_known_values():
    # 0.9 MBq h/g x 1170 g x 1.15e-5 mGy/(MBq s) x 3600 s/h = 43.59 mGy;
    # 6789 MBq h x 3.35e-8 mGy/(MBq s) x 3600 s/h = 0.8188 mGy;
    # 1e5 MBq h x 9.30788e-8 mGy/(MBq s) (known answer) x 3600 s/h x 73/97.5 = 25.09 mGy
    expected = hand_worked("remainder_of_body")
    assert expected["red_marrow"] == pytest.approx(0.04359, abs=5e-6)
    assert expected["kidneys"] == pytest.approx(0.0008188, abs=5e-8)
    assert expected["remainder_of_body"] == pytest.approx(0.02509, abs=5e-6)


def test_plan_uses_the_known_marrow_from_remainder_s_value():
    # computed independently: 9.30788e-8 mGy/(MBq s); the other has no marrow as a source
    found = parts(first_cycle(*organs(), scans("remainder_of_body", 1e5), blood=blood()))
    assert found["remainder_of_body"] / 1e5 / 3.6 == pytest.approx(9.30788e-8, rel=1e-5)


def test_both_kidneys_and_bladder_contents_irradiate_the_marrow():
    # contents have no mass in the phantom: they leave the total body, not the phantom's remainder
    tias = {"kidney_left": 3000.0, "kidney_right": 2500.0, "urinary_bladder": 800.0}
    regions = [scans(name, tia) for name, tia in tias.items()]
    found = parts(first_cycle(*regions, scans("total_body", 90_000.0, 70.0), blood=blood()))
    own = BLOOD * 1e-3 * MALE.mass["red_marrow"]
    left = 90_000.0 - sum(tias.values()) - own
    assert found == {
        "red_marrow": exactly(own * S_SELF),
        "kidney_left": exactly(3000.0 * MALE.s["red_marrow", "kidneys"]),
        "kidney_right": exactly(2500.0 * MALE.s["red_marrow", "kidneys"]),
        "urinary_bladder": exactly(800.0 * MALE.s["red_marrow", "urinary_bladder_contents"]),
        "remainder_of_body": exactly(
            left * MALE.from_rest("red_marrow", ["kidneys", "red_marrow"])
        ),
    }


def test_tumour_gives_no_marrow_dose_and_leaves_remainder():
    body = scans("total_body", 90_000.0, 70.0)
    found = parts(
        first_cycle(scans("tumour_1", 737.3), body, blood=blood(), masses={"tumour_1": "10 g"})
    )
    left = 90_000.0 - 737.3 - BLOOD * 1e-3 * MALE.mass["red_marrow"]
    assert set(found) == {"red_marrow", "remainder_of_body"}
    assert found["remainder_of_body"] == exactly(
        left * MALE.from_rest("red_marrow", ["red_marrow"])
    )


def test_the_marrow_irradiates_other_organs():
    found = parts(first_cycle(*organs(), blood=blood(), region="liver"))
    own = BLOOD * 1e-3 * MALE.mass["red_marrow"]
    assert found["red_marrow"] == exactly(own * MALE.s["liver", "red_marrow"])


# --- the mass of the marrow ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assumed", "mass"),
    [
        ({"person": {"weight": "60 kg"}}, 1170.0 * 60 / 73),
        ({"person": {"weight": "120 kg"}}, 1170.0 * 120 / 73),
        ({"masses": {"red_marrow": "900 g"}}, 900.0),
        ({"masses": {"red_marrow": {"value": "1500 g", "sd": "20 %"}}}, 1500.0),
        ({}, 1170.0),
    ],
    ids=["60 kg", "120 kg", "marrow 900 g", "marrow 1500 g", "phantom"],
)
@pytest.mark.parametrize("method", ["blood", "vertebrae"])
def test_marrow_mass_changes_cross_dose_and_not_self_dose(method, assumed, mass):
    measured = [vertebrae()] if method == "vertebrae" else []
    drawn = {"blood": blood()} if method == "blood" else {}
    own = first_cycle(scans("liver", 4000.0), *measured, **drawn, **assumed)
    assert parts(own)["red_marrow"] == exactly(BLOOD * 1e-3 * MALE.mass["red_marrow"] * S_SELF)
    assert "mass" not in [part.cause for part in own.uncertainty]
    other = first_cycle(scans("liver", 4000.0), *measured, region="liver", **drawn, **assumed)
    assert parts(other)["red_marrow"] == exactly(
        BLOOD * 1e-3 * mass * MALE.s["liver", "red_marrow"]
    )


def test_vertebral_volume_does_not_change_the_dose():
    # the mass of the marrow cancels; 60 mL is the volume outlined, not the mass of the marrow
    assert parts(first_cycle(vertebrae(volume="60 mL"))) == parts(first_cycle(vertebrae()))


def test_marrow_activity_depends_on_the_mass():
    # electrons alone: the dose of an activity goes with 1/mass
    light = first_cycle(scans("red_marrow", 500.0), masses={"red_marrow": "585 g"})
    assert parts(light)["red_marrow"] == exactly(2 * 500.0 * S_SELF)


# --- plasma, vertebrae, population --------------------------------------------------------------


def test_plasma_agent_has_ratio_0_19_over_plasma_fraction():
    whole = first_cycle(blood=blood())
    plasma = first_cycle(
        blood=blood(),
        person={"hematocrit": "0.41"},
        therapy={"marrow_to_blood_ratio": "plasma"},
    )
    assert plasma.absorbed_dose.value == exactly(whole.absorbed_dose.value * 0.19 / 0.59)


@pytest.mark.parametrize(
    ("therapy", "words"),
    [({}, "red marrow to blood ratio 1 "), ({"marrow_to_blood_ratio": "plasma"}, "ratio 0.322")],
    ids=["one", "plasma"],
)
def test_the_ratio_is_an_assumption_of_the_plan(therapy, words):
    found = dosimetry.plan(patient(blood=blood(), person={"hematocrit": "0.41"}, therapy=therapy))
    assert any(words in line for line in found.assumptions)


def test_the_plasma_ratio_is_not_for_vertebrae():
    plasma = {"person": {"hematocrit": "0.41"}, "therapy": {"marrow_to_blood_ratio": "plasma"}}
    assert parts(first_cycle(vertebrae(), **plasma)) == parts(first_cycle(vertebrae()))


def test_vertebrae_replace_blood():
    body = scans("remainder_of_body", 100_000.0)
    found = first_cycle(*organs(), vertebrae(), body, person={"weight": f"{WEIGHT} kg"})
    expected = hand_worked("remainder_of_body")
    assert parts(found) == {name: exactly(dose) for name, dose in expected.items()}


def test_the_curve_of_the_blood_is_in_the_plan():
    (curve,) = dosimetry.plan(patient(blood=blood())).curves
    assert (curve.region, curve.model) == ("blood", "mono")
    assert (curve.tia.value, curve.tia.unit) == (exactly(BLOOD), "kBq/mL*h")


@pytest.mark.parametrize("body", [[], *([scans(name, tia)] for name, tia in BODY.items())])
def test_with_neither_blood_nor_vertebrae_the_population_stays(body):
    # even where the whole body was measured
    found = first_cycle(*organs(), *body)
    assert (found.basis, found.contributions) == ("population", ())
    assert found.absorbed_dose.value == pytest.approx(0.035 * 7.4, rel=1e-12)  # label, Gy/GBq


def bases_of(made):
    return [
        region.basis
        for cycle in made.cycles
        for region in cycle.regions
        if region.region == "red_marrow"
    ]


def test_blood_and_body_of_one_cycle_predict_the_marrow():
    made = dosimetry.plan(patient(scans("total_body", 120_000.0), blood=blood()))
    assert bases_of(made) == ["measured", "predicted", "predicted", "predicted"]


def test_blood_alone_leaves_the_marrow_to_the_population():
    # a sum without a known source is a lower bound, not a dose
    made = dosimetry.plan(patient(blood=blood()))
    assert bases_of(made) == ["partial", "population", "population", "population"]


def test_without_the_remainder_the_marrow_is_a_lower_bound():
    missing = ("partial-dose", "cycles[0] red_marrow")
    assert missing in warned(*organs(), blood=blood())
    assert missing in warned(vertebrae())
    for body, tia in BODY.items():
        assert missing not in warned(*organs(), scans(body, tia), blood=blood())
    assert missing not in warned(*organs())


def test_decay_correction_of_blood_is_undone():
    # 177Lu, 159.528 h: a curve of 20 h corrected to administration shows 1/(1/20 - 1/159.528) h
    apparent = 1 / (1 / 20.0 - 1 / 159.528)
    corrected = blood(BLOOD * apparent / 20.0, apparent)
    found = first_cycle(blood=corrected, decay_corrected_to="administration").absorbed_dose
    assert found.value == pytest.approx(first_cycle(blood=blood()).absorbed_dose.value, rel=1e-8)


# --- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "unit", "wrong"),
    [("concentration", "kBq/mL", "0")]
    + [
        (key, unit, wrong)
        for wrong in ("-1", "nan", "inf")
        for key, unit in (("time", "h"), ("concentration", "kBq/mL"))
    ],
)
def test_impossible_blood_sample_is_refused_at_its_field(key, unit, wrong):
    samples = blood()
    samples[1][key] = f"{wrong} {unit}"
    ((code, place),) = problems(blood=samples)
    low = "before-injection" if key == "time" else "not-positive"
    assert code == (low if wrong in ("-1", "0") else "not-a-quantity")
    assert place == f"cycles[0].blood[1].{key}"


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("concentration", "300 kBq", "wrong-dimension"),
        ("concentration", "300 MBq*mL", "wrong-dimension"),
        ("concentration", "300", "no-unit"),
        ("time", "2 mL", "wrong-dimension"),
    ],
)
def test_a_blood_sample_in_another_unit_is_refused(key, value, code):
    samples = blood()
    samples[2][key] = value
    assert problems(blood=samples) == [(code, f"cycles[0].blood[2].{key}")]


def test_a_blood_file_is_refused_by_line_and_column(tmp_path):
    (tmp_path / "b.csv").write_text("time [h],concentration [kBq/mL]\n1,30\n-2,20\n8,nan\n")
    data = {
        "patient": {"id": "M-2", "sex": "male"},
        "therapy": {"regimen": "netter-1"},
        "cycles": [{"administered": "7.4 GBq", "at": "2026-01-12", "blood": "b.csv"}],
    }
    with pytest.raises(InputError) as caught:
        Patient.from_dict(data, tmp_path)
    assert [problem.place for problem in caught.value.problems] == [
        "b.csv:3: time [h]",
        "b.csv:4: concentration [kBq/mL]",
    ]


def test_blood_of_the_whole_injected_activity_is_refused():
    # MBq/mL for kBq/mL: 5.6 L of blood would hold 23 times what was administered
    found = problems(blood=blood(unit="MBq/mL"))
    assert found[0] == ("more-than-administered", "cycles[0].blood[0]")


def test_marrow_of_more_than_the_injected_activity_is_refused():
    # MBq/mL for kBq/mL in the vertebrae: 1170 g would hold twice what was administered
    found = problems(vertebrae(unit="MBq/mL"))
    assert found[0][0] == "more-than-administered"


def test_a_blood_sample_long_after_the_last_decay_is_refused():
    late = {"time": "5000 d", "concentration": "1 kBq/mL"}
    assert all(place.startswith("cycles[0].blood") for _, place in problems(blood=[*blood(), late]))


def test_blood_beside_a_measured_marrow_is_refused():
    twice = [("marrow-twice", "cycles[0].blood")]
    assert problems(vertebrae(), blood=blood()) == twice
    assert problems(scans("red_marrow", 500.0), blood=blood()) == twice


def test_blood_beside_a_marrow_coefficient_is_refused():
    # as for any region that was measured in the cycle: keep one of the two
    found = problems(blood=blood(), dose_coefficients={"red_marrow": "0.03 Gy/GBq"})
    assert found == [("dose-twice", "cycles[0].dose_coefficients.red_marrow")]


def test_the_plasma_ratio_needs_the_haematocrit():
    found = problems(blood=blood(), therapy={"marrow_to_blood_ratio": "plasma"})
    assert found == [("hematocrit-missing", "therapy.marrow_to_blood_ratio")]


@pytest.mark.parametrize("value", ["0", "0.05", "0.9", "1", "41", "nan"])
def test_a_haematocrit_out_of_range_is_refused(value):
    ((_, place),) = problems(blood=blood(), person={"hematocrit": value})
    assert place == "patient.hematocrit"


@pytest.mark.parametrize("region", ["stomach", "remainder_of_body", "total_body"])
def test_regions_without_mass_need_a_volume(region):
    rows_of_it = [{**row, "region": region} for row in vertebrae()[:2]]
    found = problems(rows_of_it)
    assert found == [("concentration-of-an-organ", "cycles[0].measurements[0]")]


def test_one_blood_sample_has_a_wide_prior_of_its_half_life():
    # no row for blood in the table of half-lives: 60 h, sd of ln T 0.7 (defaults.csv)
    made = dosimetry.plan(patient(blood=blood(times=(24.0,))))
    (curve,) = made.curves
    assert curve.tia.sd / curve.tia.value > 0.3
    assert any("blood before measurement: 60 h, sd of ln T 0.7" in x for x in made.assumptions)
