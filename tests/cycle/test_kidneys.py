"""The kidneys as a pair and by side: never both at once; a solitary kidney counts as the pair."""

import pytest
from sample_patients import cycle, flag_of, patient, planned, region_of, washout

from dosimetry import InputError
from dosimetry.patient import kidneys

LEFT, RIGHT = (washout(f"kidney_{side}", 7500.0) for side in ("left", "right"))
EARLIER = {"absorbed_dose": "10 Gy", "bed": "12 Gy", "source": "me"}
SINGLE = ("single_kidney",)


def refusals(*cycles, **named):
    with pytest.raises(InputError) as caught:
        planned(*cycles, **named)
    return [(problem.code, problem.place) for problem in caught.value.problems]


def of(made, code):
    return [one for one in made.warnings if one.code == code]


@pytest.mark.parametrize("name", ["kidney_left", "kidneys"])
def test_previous_dose_of_a_solitary_kidney_counts_fully(name):
    without = planned(cycle(LEFT), risks=SINGLE)
    made = planned(cycle(LEFT), risks=SINGLE, prior_doses={name: EARLIER})
    for region in ("kidneys", "kidney_left"):
        dose, before = (region_of(one.cumulative, region) for one in (made, without))
        assert dose.absorbed_dose.value == pytest.approx(before.absorbed_dose.value + 10.0)
        assert dose.bed.value == pytest.approx(before.bed.value + 12.0)


def test_previous_dose_of_one_kidney_counts_half_in_the_pair():
    without = planned(cycle(LEFT, RIGHT))
    made = planned(cycle(LEFT, RIGHT), prior_doses={"kidney_left": EARLIER})
    for region, more in (("kidneys", 5.0), ("kidney_left", 10.0), ("kidney_right", 0.0)):
        dose, before = (region_of(one.cumulative, region) for one in (made, without))
        assert dose.absorbed_dose.value == pytest.approx(before.absorbed_dose.value + more)
    words = "previous radiation given for the left kidney only: 0 Gy used for the other kidney"
    assert any(words in line for line in made.assumptions)
    both = planned(
        cycle(LEFT, RIGHT), prior_doses={"kidney_left": EARLIER, "kidney_right": EARLIER}
    )
    assert not any(words in line for line in both.assumptions)


def test_coefficients_of_pair_and_sides_exclude_each_other():
    given = {"kidneys": "0.2 Gy/GBq", "kidney_left": "0.9 Gy/GBq", "kidney_right": "0.9 Gy/GBq"}
    found = refusals(cycle(dose_coefficients=given))
    assert found == [("kidneys-twice", "cycles[0].dose_coefficients.kidneys")]


def test_solitary_kidney_excludes_a_second_kidney():
    two = {"kidney_left": "0.5 Gy/GBq", "kidney_right": "0.5 Gy/GBq"}
    prior = {"kidney_left": EARLIER, "kidney_right": EARLIER}
    masses = {"kidney_left": "150 g", "kidney_right": "150 g"}
    assert refusals(cycle(LEFT, RIGHT), risks=SINGLE) == [("two-kidneys", "cycles[0].measurements")]
    assert refusals(cycle(dose_coefficients=two), risks=SINGLE) == [
        ("two-kidneys", "cycles[0].dose_coefficients")
    ]
    assert refusals(cycle(LEFT), risks=SINGLE, masses=masses) == [("two-kidneys", "masses")]
    assert refusals(cycle(LEFT), risks=SINGLE, prior_doses=prior) == [
        ("two-kidneys", "therapy.prior_doses")
    ]


def test_pair_in_one_cycle_and_sides_in_another_warn():
    pair = cycle(dose_coefficients={"kidneys": "1.2 Gy/GBq"}, at="2026-03-09")
    (found,) = of(planned(cycle(LEFT, RIGHT), pair), "kidneys-mixed")
    assert "a pair in cycle 2, as left and right in cycle 1" in found.message
    assert not of(planned(cycle(LEFT, RIGHT), cycle(at="2026-03-09")), "kidneys-mixed")


@pytest.mark.parametrize(
    ("cycles", "masses", "unused"),
    [
        (cycle(washout("kidneys", 15000.0)), ("kidney_left", "kidney_right"), []),
        (cycle(washout("kidneys", 15000.0)), ("kidney_left",), ["masses.kidney_left"]),
        (cycle(LEFT, RIGHT), ("kidneys",), []),
        (
            cycle(dose_coefficients={"kidney_left": "0.5 Gy/GBq", "kidney_right": "0.6 Gy/GBq"}),
            ("kidney_left", "kidney_right"),
            [],
        ),
        (cycle(dose_coefficients={"kidneys": "0.5 Gy/GBq"}), ("kidneys",), ["masses.kidneys"]),
        (
            cycle(blood=[{"time": "4 h", "concentration": "50 kBq/mL"}, {"time": "24 h",
                "concentration": "8 kBq/mL"}]),
            ("red_marrow",),
            [],
        ),
    ],
)  # fmt: skip
def test_unused_mass_is_reported(cycles, masses, unused):
    plain = planned(cycles)
    given = {name: "160 g" if "kidney" in name else "900 g" for name in masses}
    made = planned(cycles, masses=given)
    assert [one.place for one in of(made, "mass-not-used")] == unused
    if unused:
        assert made.cumulative == plain.cumulative


def test_one_kidney_beyond_the_limit_of_the_pair_is_named():
    # left six times the right: the pair, their mean, stays below 23 Gy
    uneven = cycle(washout("kidney_left", 15000.0), washout("kidney_right", 2500.0))
    made = planned(uneven)
    assert flag_of(made, "kidneys-ad-23").severity != "exceeds"
    found = [one for one in of(made, "one-kidney-higher") if one.place == "flags kidneys-ad-23"]
    assert [one.message.split()[1] for one in found] == ["left"]
    assert "of exceeding 23 Gy (kidneys-ad-23)" in found[0].message
    assert not of(planned(cycle(LEFT, RIGHT)), "one-kidney-higher")


def test_unmeasured_patient_gets_no_one_kidney_warning():
    assert not of(planned(), "one-kidney-higher")
    assert patient().masses == {}


@pytest.mark.parametrize(
    ("risks", "solitary", "number", "share"),
    [((), False, 2, 0.5), (SINGLE, True, 1, 1.0), (("diabetes", *SINGLE), True, 1, 1.0)],
)
def test_kidney_has_half_of_the_pair_or_all_if_solitary(risks, solitary, number, share):
    person = patient(risks=risks).person
    assert kidneys.solitary(person) is solitary
    assert kidneys.number_of_kidneys(person) == number
    assert kidneys.share_of_pair(person) == share


def test_sides_are_given_left_first_and_both_or_not():
    assert kidneys.given_sides(["kidney_right", "liver", "kidney_left"]) == [*kidneys.SIDES]
    assert kidneys.given_sides({"kidneys": 1, "kidney_right": 2}) == ["kidney_right"]
    assert kidneys.both_sides({"kidney_right", "kidney_left"})
    assert not kidneys.both_sides({"kidney_right", "kidneys"})


@pytest.mark.parametrize(
    ("region", "pair", "with_pair", "with_sides"),
    [
        ("kidney_right", "kidneys", ("kidney_right", "kidneys"), ("kidney_right",)),
        ("kidneys", "kidneys", ("kidneys",), ("kidneys", "kidney_left", "kidney_right")),
        ("spleen", "spleen", ("spleen",), ("spleen",)),
    ],
)
def test_side_uses_its_pair_and_the_pair_its_sides(region, pair, with_pair, with_sides):
    assert kidneys.pair_of(region) == pair
    assert kidneys.with_pair(region) == with_pair
    assert kidneys.with_sides(region) == with_sides


def test_a_solitary_kidney_is_one_side_of_the_phantom():
    one, two = patient(risks=SINGLE).person, patient().person
    assert kidneys.in_phantom("kidneys", one) in kidneys.SIDES
    assert kidneys.in_phantom("kidneys", two) == "kidneys"
    assert kidneys.in_phantom("liver", one) == "liver"
