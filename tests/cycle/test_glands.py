"""Salivary, lacrimal and pituitary glands: doses of spheres, which no phantom has.

Sphere table (Gy/(Bq s), soft tissue): 34.5 g 6.93e-13, 4.31 g 5.46e-12, 0.539 g 4.27e-11. Times
3.6e9 Bq s per MBq h and the time-integrated activity, by hand.
"""

import pytest
from sample_patients import PSMA, codes, cycle, flag_of, patient, planned, region_of, washout

import dosimetry
from dosimetry import InputError
from dosimetry.reference import radiobiology, regions

GLANDS = [
    *(f"{gland}_{side}" for gland in ("parotid", "submandibular", "lacrimal")
      for side in ("left", "right")),
    "pituitary",
]  # fmt: skip
MASSES = {"parotid_left": "34.5 g", "pituitary": "0.539 g"}


def in_gray(made, region, number=1):
    return region_of(made.cycles[number - 1].regions, region).absorbed_dose.value


def near(value):
    return pytest.approx(value, rel=1e-6)


def refused(*cycles, **named):
    with pytest.raises(InputError) as caught:
        planned(*cycles, **named)
    return [problem.code for problem in caught.value.problems]


def test_dose_of_a_gland_is_that_of_a_sphere_of_its_mass():
    curves = washout("parotid_left", 500.0), washout("pituitary", 10.0)
    made = planned(cycle(*curves), masses=MASSES)
    assert in_gray(made, "parotid_left") == near(500 * 6.93e-13 * 3.6e9)  # 1.2474 Gy
    assert in_gray(made, "pituitary") == near(10 * 4.27e-11 * 3.6e9)  # 1.5372 Gy
    assert "left parotid: unit-density sphere, self-dose only" in made.assumptions


def test_volume_of_a_gland_gives_its_mass():
    volume = f"{4.31 / 1.05!r} mL"  # 4.31 g at 1.05 g/mL
    made = planned(cycle(washout("submandibular_right", 100.0, volume=volume)))
    assert in_gray(made, "submandibular_right") == near(100 * 5.46e-12 * 3.6e9)  # 1.9656 Gy


def test_gland_without_mass_gets_no_dose():
    made = planned(cycle(*(washout(region, 50.0) for region in GLANDS)))
    found = {one.place: one.cure for one in made.warnings if one.code == "no-mass"}
    assert found == {
        f"cycles[0] {region}": f"give masses.{region}, or a volume column" for region in GLANDS
    }
    assert not {*GLANDS} & {one.region for one in made.cycles[0].regions}


def test_every_gland_is_recalculated_and_without_default_limit():
    curves = cycle(*(washout(region, 50.0) for region in GLANDS))
    made = planned(curves, masses=dict.fromkeys(GLANDS, "20 g"), agent=PSMA)
    for region in GLANDS:
        seen = {(one.quantity, one.by) for one in made.second_check if one.region == region}
        assert {
            ("absorbed dose", "energy over mass"),
            ("biologically effective dose", "differential equation"),
        } <= seen
    assert all(one.passed for one in made.second_check)
    assert not {*GLANDS} & {flag.region for flag in made.flags}


def test_curve_and_bed_of_a_gland_name_what_they_assume():
    made = planned(cycle(washout("parotid_left", 500.0)), masses=MASSES)
    prior = "half-life of left parotid before measurement: 60 h, sd of ln T 0.7"
    assert any(line.startswith(prior) for line in made.assumptions)
    (warning,) = [one for one in made.warnings if one.code == "generic-alpha-beta"]
    assert "left parotid" in warning.message
    assert radiobiology.radiobiology("parotid_left").generic


def test_a_limit_on_a_gland_can_be_asked_for():
    limit = {"id": "parotid", "region": "parotid_left", "quantity": "absorbed dose",
             "limit": "1 Gy", "source": "test"}  # fmt: skip
    made = planned(cycle(washout("parotid_left", 500.0)), masses=MASSES, limits=[limit])
    assert flag_of(made, "parotid").severity == "exceeds"  # 1.2474 Gy in the first cycle
    scans = dosimetry.scans(patient(cycle(washout("parotid_left", 500.0)), masses=MASSES,
                                    limits=[limit]))  # fmt: skip
    assert [one.region for one in scans.regions] == ["parotid_left"]


@pytest.mark.parametrize("gland", ["parotid_left", "submandibular_right"])
def test_all_salivary_glands_exclude_a_single_one(gland):
    both = washout("salivary_glands", 900.0), washout(gland, 300.0)
    assert refused(cycle(*both)) == ["salivary-twice"]
    apart = cycle(washout("salivary_glands", 900.0)), cycle(washout(gland, 300.0), at="2026-03-09")
    assert "salivary-twice" not in codes(planned(*apart).warnings)


@pytest.mark.parametrize("gland", ["lacrimal_left", "pituitary"])
def test_other_glands_are_no_part_of_the_salivary_ones(gland):
    planned(cycle(washout("salivary_glands", 900.0), washout(gland, 30.0)))


def test_activity_of_a_gland_counts_against_the_administered():
    curves = washout("parotid_left", 5e5), washout("parotid_right", 5e5)
    assert refused(cycle(*curves), masses={"parotid_left": "30 g"}) == ["more-than-administered"]


def test_activity_of_a_gland_is_taken_out_of_the_remainder():
    # all but the self-dose falls with the remainder's activity, here from 50,000 to 40,000 MBq h
    body, gland = washout("total_body", 50e3), washout("parotid_left", 10e3)
    alone, both = planned(cycle(body)), planned(cycle(body, gland), masses=MASSES)
    assert in_gray(both, "brain") / in_gray(alone, "brain") == near(40 / 50)
    (found,) = [one for one in both.warnings if one.place == "cycles[0] salivary_glands"]
    assert found.cure == "use the doses of the single glands (left parotid)"


def test_tumour_may_lie_in_a_gland():
    curves = washout("tumour_1", 50.0), washout("parotid_left", 500.0)
    made = planned(cycle(*curves), masses={**MASSES, "tumour_1": "2 g"})
    assert "VOIs of tumour 1 do not overlap with left parotid" in made.assumptions


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("parotid_gland_left", "parotid_left"),  # TotalSegmentator, head_glands_cavities
        ("submandibular_gland_right", "submandibular_right"),
        ("left_lacrimal_gland", "lacrimal_left"),
        ("pituitary_gland", "pituitary"),
    ],
)
def test_usual_names_of_glands_are_understood(spelling, name):
    assert regions.region(spelling).name == name


@pytest.mark.parametrize("name", ["adrenal_gland_right", "adrenal_left", "parotids", "lacrimal"])
def test_one_of_a_pair_is_never_the_pair_nor_the_pair_one(name):
    with pytest.raises(InputError) as caught:
        regions.region(name)
    assert "nearest" not in caught.value.problems[0].cure
