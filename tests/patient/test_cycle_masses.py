"""Masses of single cycles: which mass serves which cycle, what is said, what they share.

Sphere table (Gy/(Bq s), soft tissue): 4.31 g 5.46e-12, 14.6 g 1.63e-12, 34.5 g 6.93e-13; a dose is
TIA x S x 3.6e9 Bq s per MBq h, by hand.
"""

import pytest
from sample_patients import codes, cycle, patient, planned, region_of, washout

import dosimetry
from dosimetry import InputError, Patient
from dosimetry.course.regions import observations_of
from dosimetry.cycle.delivered import delivered_cycles
from dosimetry.cycle.dose import delivered_doses
from dosimetry.patient.masses import body_mass, red_marrow_mass, region_mass

DATES = ("2026-01-12", "2026-03-09", "2026-05-04")
KIDNEYS = washout("kidney_left", 4000.0), washout("kidney_right", 4000.0)
S = {"4.31 g": 5.46e-12, "14.6 g": 1.63e-12, "34.5 g": 6.93e-13}


def cycles_of(*masses, curves=None):
    """Make one cycle for each mapping of masses, None without, all with the same scans."""
    curves = (washout("tumour_1", 500.0),) if curves is None else curves
    return [
        cycle(*curves, at=at, **({"masses": own} if own else {}))
        for own, at in zip(masses, DATES, strict=False)
    ]


def in_gray(made, region="tumour_1"):
    return [
        region_of(one.regions, region).absorbed_dose.value
        for one in made.cycles
        if one.status == "delivered"
    ]


def refused(*cycles, **named):
    with pytest.raises(InputError) as caught:
        planned(*cycles, **named)
    return [(problem.code, problem.place) for problem in caught.value.problems]


def unused(made):
    return [one.place for one in made.warnings if one.code == "mass-not-used"]


def spheres(*masses):
    return pytest.approx([500 * S[mass] * 3.6e9 for mass in masses], rel=1e-6)


def test_mass_of_a_cycle_serves_it_and_the_later_ones():
    made = planned(*cycles_of({"tumour_1": "34.5 g"}, None, {"tumour_1": "14.6 g"}))
    assert in_gray(made) == spheres("34.5 g", "34.5 g", "14.6 g")  # 1.2474, 1.2474, 2.934 Gy
    said = [line for line in made.assumptions if line.startswith("tumour 1: mass")]
    assert said == ["tumour 1: mass 34.5 g given for cycle 1"]
    assert all(one.passed for one in made.second_check)


def test_mass_of_the_file_serves_until_a_cycle_gives_one():
    given = cycles_of(None, {"tumour_1": "14.6 g"}, None)
    made = planned(*given, masses={"tumour_1": "4.31 g"})
    assert in_gray(made) == spheres("4.31 g", "14.6 g", "14.6 g")
    assert not unused(made)


def test_cycle_before_the_first_mass_has_none():
    made = planned(*cycles_of(None, {"tumour_1": "14.6 g"}))
    assert [one.place for one in made.warnings if one.code == "no-mass"] == ["cycles[0] tumour_1"]
    assert in_gray(planned(*cycles_of({"tumour_1": "14.6 g"}))) == spheres("14.6 g")


def test_given_mass_comes_before_later_volumes_and_says_so():
    later = cycle(washout("tumour_1", 500.0, volume="20 mL"), at=DATES[1])
    made = planned(*cycles_of({"tumour_1": "34.5 g"}), later)
    assert in_gray(made) == spheres("34.5 g", "34.5 g")
    said = "tumour 1: mass 34.5 g given for cycle 1; the volumes of cycle 2 are not used"
    assert said in made.assumptions


def test_pair_and_sides_may_take_turns_between_cycles():
    given = patient(
        *cycles_of({"kidneys": "280 g"}, {"kidney_left": "160 g", "kidney_right": "150 g"}, None,
                   curves=KIDNEYS)
    )  # fmt: skip
    masses = [[region_mass(f"kidney_{s}", given, i).value for s in ("left", "right")]
              for i in range(3)]  # fmt: skip
    assert masses == [[140.0, 140.0], [160.0, 150.0], [160.0, 150.0]]
    assert region_mass("kidneys", given, 2).value == 310.0
    made = dosimetry.plan(given)
    assert "left kidney: half of the mass given for the kidneys" in made.assumptions
    assert all(one.passed for one in made.second_check)


def test_pair_and_side_in_one_cycle_exclude_each_other():
    both = {"kidneys": "300 g", "kidney_left": "150 g"}
    found = refused(*cycles_of(None, both, curves=KIDNEYS))
    assert found == [("kidneys-twice", "cycles[1].masses.kidneys")]


def test_second_mass_of_a_solitary_kidney_is_refused():
    two = {"kidney_left": "150 g", "kidney_right": "150 g"}
    found = refused(*cycles_of(two, curves=KIDNEYS[:1]), risks=["single_kidney"])
    assert found == [("two-kidneys", "cycles[0].masses")]


def test_mass_that_no_dose_scales_with_is_refused():
    found = refused(*cycles_of({"stomach": "150 g"}))
    assert found == [("no-mass-needed", "cycles[0].masses.stomach")]


@pytest.mark.parametrize(
    ("own", "file", "places"),
    [
        (({"spleen": "180 g"}, None), {}, ["cycles[0].masses.spleen"]),
        (({"tumour_1": "12 g"}, None), {"tumour_1": "14 g"}, ["masses.tumour_1"]),
        ((None, {"tumour_1": "12 g"}), {"tumour_1": "14 g"}, []),
    ],
)
def test_mass_that_no_cycle_uses_is_reported(own, file, places):
    assert unused(planned(*cycles_of(*own), masses=file)) == places


def test_mass_given_for_a_cycle_without_scans_serves_the_next():
    first = cycle(at=DATES[0], masses={"tumour_1": "14.6 g"})
    made = planned(first, cycle(washout("tumour_1", 500.0), at=DATES[1]))
    assert not unused(made)
    found = region_of(made.cycles[1].regions, "tumour_1").absorbed_dose.value
    assert found == pytest.approx(500 * S["14.6 g"] * 3.6e9)


def test_masses_of_two_cycles_are_independent_measurements():
    mass = {"value": "34.5 g", "sd": "10 %"}
    given = cycles_of({"tumour_1": mass}, None, {"tumour_1": mass})
    delivered = delivered_doses(delivered_cycles(patient(*given)))
    sds = [one.doses["tumour_1"].relative_mass_sd for one in delivered]
    assert sds == pytest.approx([0.0995] * 3, abs=5e-4)  # S ~ m^-0.995 from 14.6 to 116 g
    first, second, third = (seen.shared_sds for seen in observations_of("tumour_1", delivered))
    calibration = 0.10**2  # default, common to all cycles

    def common(one, other):
        return sum(x * y for x, y in zip(one, other, strict=True))

    assert common(first, second) == pytest.approx(calibration + sds[0] ** 2)
    assert common(first, third) == common(second, third) == pytest.approx(calibration)


def test_sd_of_a_mass_of_a_cycle_is_in_the_budget():
    mass = {"value": "34.5 g", "sd": "10 %"}
    made = planned(*cycles_of({"tumour_1": mass}))
    dose = region_of(made.cycles[0].regions, "tumour_1")
    (sd,) = [part.sd.value for part in dose.uncertainty if part.cause == "mass"]
    assert sd / dose.absorbed_dose.value == pytest.approx(0.0995, abs=5e-4)


def test_body_and_marrow_follow_the_mass_of_the_cycle():
    given = patient(*cycles_of({"total_body": "80 kg"}, {"total_body": "70 kg"}, None))
    assert [body_mass(given, i).value for i in range(3)] == [80e3, 70e3, 70e3]
    # 1170 g of the adult male with 73 kg (organ_masses_icrp89.csv)
    assert [red_marrow_mass(given, i) for i in range(2)] == pytest.approx(
        [1170 * 80 / 73, 1170 * 70 / 73]
    )


def test_unusual_body_mass_of_a_cycle_has_its_place():
    body = washout("total_body", 50e3)
    made = planned(*cycles_of({"total_body": "20 kg"}, curves=(body,)))
    places = [one.place for one in made.warnings if one.code == "mass-unusual"]
    assert places == ["cycles[0].masses.total_body"]


def test_inner_mass_of_an_earlier_cycle_is_taken_out_of_a_voi():
    # 1800 mL x 1.05 g/mL - 34.5 g; the recalculation finds the same
    def one(at, **more):
        curves = washout("liver", 9000.0, volume="1800 mL"), washout("tumour_1", 900.0)
        return cycle(*curves, at=at, contains={"liver": ["tumour_1"]}, **more)

    given = patient(one(DATES[0], masses={"tumour_1": "34.5 g"}), one(DATES[1]))
    assert region_mass("liver", given, 1).value == pytest.approx(1890.0 - 34.5)
    assert all(figure.passed for figure in dosimetry.plan(given).second_check)


def test_inner_volume_of_an_earlier_cycle_is_recalculated_too():
    def one(at, **columns):
        curves = washout("liver", 9e3, volume="1800 mL"), washout("tumour_1", 900.0, **columns)
        return cycle(*curves, at=at, contains={"liver": ["tumour_1"]})

    given = patient(one(DATES[0], volume="300 mL"), one(DATES[1]))
    assert region_mass("liver", given, 1).value == pytest.approx(1500 * 1.05)
    assert all(figure.passed for figure in dosimetry.plan(given).second_check)


def test_masses_of_cycles_are_written_and_replaced():
    given = patient(*cycles_of({"tumour_1": {"value": "12 g", "sd": "0.5 g"}}, None))
    written = given.to_dict()
    assert written["cycles"][0]["masses"] == {"tumour_1": {"value": "12.0 g", "sd": "0.5 g"}}
    assert "masses" not in written["cycles"][1]
    again = Patient.from_dict(written)
    assert in_gray(dosimetry.plan(again)) == in_gray(dosimetry.plan(given))
    other = given.replace({"cycles[0].masses.tumour_1": "34.5 g"})
    made = dosimetry.plan(other)
    assert in_gray(made) == spheres("34.5 g", "34.5 g")
    assert made.provenance.replaced == ("cycles[0].masses.tumour_1",)
    assert "changed-in-memory" in codes(made.warnings)
