"""Overlapping volumes of interest: the activity counts once, doubts are named.

The truth is a liver of 4000 MBq h with two metastases of 3000 and 1000 MBq h, scanned as one VOI of
8000 MBq h.
"""

import pytest
from sample_patients import codes, cycle, region_of, washout

import dosimetry
from dosimetry import InputError, Patient

WHOLE_LIVER = washout("liver", 8000.0)
APART = washout("liver", 4000.0)
TUMOURS = (washout("tumour_1", 3000.0), washout("tumour_2", 1000.0))
BODY = washout("total_body", 60_000.0)
MASSES = {"tumour_1": "40 g", "tumour_2": "15 g"}
INSIDE = {"liver": ["tumour_1", "tumour_2"]}


def plan(*curves, masses=MASSES, sites=None, **fields):
    return dosimetry.plan(
        Patient.from_dict(
            {
                "patient": {"id": "V-1", "sex": "male", "weight": "73 kg"},
                "therapy": {"regimen": "netter-1"},
                "masses": masses,
                "sites": sites or {},
                "cycles": [cycle(*curves, **fields)],
            }
        )
    )


def doses(made):
    return {r.region: r.absorbed_dose.value for r in made.cycles[0].regions}


def refused(*curves, **named):
    with pytest.raises(InputError) as caught:
        plan(*curves, **named)
    return [(problem.code, problem.place) for problem in caught.value.problems]


def doubts(made):
    return [w for w in made.warnings if w.code == "overlap-possible"]


def test_contained_tumour_activity_counts_once():
    inside = doses(plan(WHOLE_LIVER, *TUMOURS, BODY, contains=INSIDE))
    apart = doses(plan(APART, *TUMOURS, BODY))
    assert set(inside) == set(apart)
    for region, dose in apart.items():
        assert inside[region] == pytest.approx(dose, rel=1e-9), region


def test_without_contains_the_activity_counts_twice():
    twice = doses(plan(WHOLE_LIVER, *TUMOURS, BODY))
    once = doses(plan(WHOLE_LIVER, *TUMOURS, BODY, contains=INSIDE))
    assert twice["liver"] == pytest.approx(2 * once["liver"], rel=0.02)
    assert twice["lungs"] < once["lungs"]


def test_sd_of_the_subtracted_activity_is_in_the_dose():
    exact = {"systematic_uncertainty": "0 %"}
    made = plan(WHOLE_LIVER, *TUMOURS, contains=INSIDE, **exact)
    liver = region_of(made.cycles[0].regions, "liver").absorbed_dose
    alone = region_of(plan(WHOLE_LIVER, **exact).cycles[0].regions, "liver").absorbed_dose
    assert liver.sd / liver.value > 1.5 * alone.sd / alone.value


def test_volume_excludes_the_masses_inside_it():
    # 1900 mL at 1.05 g/mL less 55 g
    curve = washout("liver", 8000.0, volume="1900 mL")
    made = plan(curve, *TUMOURS, contains=INSIDE)
    own = plan(APART, *TUMOURS, masses={**MASSES, "liver": "1940 g"})
    assert doses(made)["liver"] == pytest.approx(doses(own)["liver"], rel=1e-9)


def test_carried_volume_excludes_the_contained_regions():
    # cycle 1: 1900 mL with 55 g inside; cycle 2 scans the liver without its tumours
    first = cycle(washout("liver", 8000.0, volume="1900 mL"), *TUMOURS, contains=INSIDE)
    second = cycle(APART, at="2026-03-09")
    made = dosimetry.plan(
        Patient.from_dict(
            {
                "patient": {"id": "V-2", "sex": "male"},
                "therapy": {"regimen": "netter-1"},
                "masses": MASSES,
                "cycles": [first, second],
            }
        )
    )
    # 4000 MBq h x 0.0853196 Gy g/(MBq h) / 1940 g and photons: the same in both cycles
    one, two = (region_of(c.regions, "liver").absorbed_dose.value for c in made.cycles[:2])
    assert two == pytest.approx(one, rel=1e-9)
    assert two == pytest.approx(4000 * 0.0853196 / 1940, rel=0.1)


def course_of(*cycles, masses=None):
    return dosimetry.plan(
        Patient.from_dict(
            {
                "patient": {"id": "V-3", "sex": "male"},
                "therapy": {"regimen": "netter-1"},
                "masses": masses or {},
                "cycles": list(cycles),
            }
        )
    )


def kidneys_of(made, number):
    return region_of(made.cycles[number - 1].regions, "kidneys").absorbed_dose.value


def test_sides_of_a_carried_pair_exclude_contained_regions():
    # 450 mL less a tumour of 150 mL: 315 g, 157.5 g a side; as pair or as sides the same dose
    pair = washout("kidneys", 7000.0, volume="450 mL")
    tumour = washout("tumour_1", 1000.0, volume="150 mL")
    first = cycle(pair, tumour, contains={"kidneys": ["tumour_1"]})
    as_sides = cycle(
        washout("kidney_left", 1750.0), washout("kidney_right", 1750.0), at="2026-03-09"
    )
    as_pair = cycle(washout("kidneys", 3500.0), at="2026-03-09")
    one, two = (kidneys_of(course_of(first, second), 2) for second in (as_sides, as_pair))
    assert one == pytest.approx(two, rel=0.01)  # the sides' photons are those of one kidney
    assert two == pytest.approx(3500 * 0.0853196 / 315, rel=0.03)


def test_nested_volumes_each_exclude_their_own_contents():
    # 1900, 300 and 200 mL at 1.05 g/mL: liver 1995 - 315 g, tumour_1 315 - 210 g
    made = plan(
        washout("liver", 9000.0, volume="1900 mL"),
        washout("tumour_1", 3000.0, volume="300 mL"),
        washout("tumour_2", 1000.0, volume="200 mL"),
        masses={},
        contains={"liver": ["tumour_1"], "tumour_1": ["tumour_2"]},
    )
    own = plan(
        washout("liver", 6000.0),
        washout("tumour_1", 2000.0),
        TUMOURS[1],
        masses={"liver": "1680 g", "tumour_1": "105 g", "tumour_2": "210 g"},
    )
    for region in ("liver", "tumour_1", "tumour_2"):
        assert doses(made)[region] == pytest.approx(doses(own)[region], rel=1e-9)


def test_entered_mass_excludes_the_contained_regions():
    made = plan(
        washout("liver", 9000.0, volume="1900 mL"),
        washout("tumour_1", 3000.0),
        washout("tumour_2", 1000.0),
        masses={"tumour_1": "80 g", "tumour_2": "200 g"},
        contains={"liver": ["tumour_1"], "tumour_1": ["tumour_2"]},
    )
    # 1995 g less 80 g and 200 g
    assert any(line.startswith("liver: mass 1715 g") for line in made.assumptions)


def test_a_tumour_never_has_more_than_the_organ_around_it():
    liver = washout("liver", 9000.0, 25.0, times=(4.0, 120.0))
    tumour = washout("tumour_1", 6000.0, 90.0, times=(4.0, 120.0))
    found = refused(liver, tumour, contains={"liver": ["tumour_1"]})
    assert found == [("contained-above-container", "cycles[0].contains.liver")]


def test_tumour_in_a_measured_organ_draws_a_warning():
    made = plan(WHOLE_LIVER, *TUMOURS, sites={"tumour_1": "liver"})
    (warning,) = doubts(made)
    assert "tumour 1 lies in the liver" in warning.message
    assert "contains" in warning.cure


def test_the_name_of_a_tumour_tells_its_site():
    made = plan(WHOLE_LIVER, washout("tumour_liver_2", 900.0), masses={"tumour_liver_2": "9 g"})
    assert len(doubts(made)) == 1


@pytest.mark.parametrize("said", [{"liver": ["tumour_1"]}, {"liver": []}])
def test_site_named_under_contains_draws_no_warning(said):
    made = plan(WHOLE_LIVER, TUMOURS[0], sites={"tumour_1": "liver"}, contains=said)
    assert not doubts(made)


def test_regions_that_fill_the_whole_body_draw_a_warning():
    made = plan(WHOLE_LIVER, *TUMOURS, washout("total_body", 12_500.0))  # 12,000 of 12,500 MBq h
    (warning,) = doubts(made)
    assert "96 % of the whole body" in warning.message
    assert not doubts(plan(WHOLE_LIVER, *TUMOURS, BODY))


def test_more_than_the_whole_body_is_refused_and_overlap_named():
    with pytest.raises(InputError) as caught:
        plan(WHOLE_LIVER, *TUMOURS, washout("total_body", 11_000.0))
    (problem,) = caught.value.problems
    assert problem.code == "total-below-parts"
    assert "contains" in problem.cure
    plan(WHOLE_LIVER, *TUMOURS, washout("total_body", 11_000.0), contains=INSIDE)


def test_excess_explained_by_tumours_is_named_overlap():
    # liver 5.2 GBq with a tumour of 4.6 GBq in it, of 7.4 GBq given: it was refused as a unit error
    times = {"times": (2.0, 24.0), "half_life": 60.0}
    liver, tumour = (washout(n, a, **times) for n, a in (("liver", 4.6e5), ("tumour_1", 4.1e5)))
    made = plan(liver, tumour, masses={"tumour_1": "400 g"})
    assert "twice" in doubts(made)[0].message
    assert not doubts(
        plan(liver, tumour, masses={"tumour_1": "400 g"}, contains={"liver": ["tumour_1"]})
    )


def test_disjoint_volumes_are_an_assumption():
    found = plan(WHOLE_LIVER, *TUMOURS)
    assert "VOIs of tumour 1, tumour 2 do not overlap with liver" in found.assumptions
    inside = plan(WHOLE_LIVER, *TUMOURS, contains=INSIDE)
    assert not any("do not overlap" in line for line in inside.assumptions)


@pytest.mark.parametrize(
    ("contains", "code"),
    [
        ({"total_body": ["liver"]}, "body-contains"),
        ({"liver": ["spleen"]}, "contains-without-activity"),
        ({"liver": ["liver"]}, "contains-itself"),
        ({"liver": ["tumour_1"], "tumour_2": ["tumour_1"]}, "contained-twice"),
        ({"tumour_1": ["liver"]}, "contained-above-container"),
        ({"liver": "tumour_1"}, "wrong-type"),
        ({"liver": ["tumor_x;y"]}, "unknown-region"),
    ],
)
def test_impossible_contains_is_refused(contains, code):
    found = refused(WHOLE_LIVER, *TUMOURS, BODY, contains=contains)
    assert {one for one, _ in found} == {code}


def test_site_of_a_region_that_is_not_a_tumour_is_refused():
    assert codes_of_site({"liver": "spleen"}) == ["not-a-tumour"]


def codes_of_site(sites):
    with pytest.raises(InputError) as caught:
        plan(WHOLE_LIVER, sites=sites)
    return codes(caught.value.problems)
