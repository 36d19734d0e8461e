"""A dose without a relevant source is a lower bound and is not used for a limit.

Expected probabilities come from plain Monte Carlo written here: a million draws of the label's
population (mean 0.035, sd 0.029 Gy/GBq over patients, between-cycle cv 0.30), without those below
the bound.
"""

import functools
import math

import numpy as np
import pytest
from sample_patients import EXACT, PSMA, cycle, flag_of, patient, planned, region_of, washout

import dosimetry

# The review's blood samples: h, kBq/mL, after 7.4 GBq.
BLOOD = ((0.1, 211), (0.5, 179), (1, 146), (3, 69), (24, 11.5), (72, 3.8), (168, 0.41))
SAMPLES = [{"time": f"{t} h", "concentration": f"{c} kBq/mL"} for t, c in BLOOD]
BODY = washout("total_body", 90_000.0, times=(4.0, 24.0, 96.0))


def marrow(made, number=1):
    return region_of(made.cycles[number - 1].regions, "red_marrow")


def slow(gray):
    """Blood that falls with 80 h, whose self-dose of the marrow is so many Gy.

    1.15e-5 mGy/(MBq s) (ICRP 89, male) x 1170 g x 3600 s/h: 4.843e-5 Gy per kBq h/mL.
    """
    first = gray / 4.843e-5 * math.log(2) / 80.0
    return [
        {"time": f"{t} h", "concentration": f"{first * 2 ** (-t / 80.0)!r} kBq/mL", "sd": EXACT}
        for t in (1.0, 24.0, 96.0, 168.0)
    ]


@functools.cache
def population(cycles=4):
    """Doses of red marrow in Gy for a million patients of the label, one column a cycle."""
    rng = np.random.default_rng(5)
    total, between = math.log1p((0.029 / 0.035) ** 2), math.log1p(0.30**2)
    level = rng.normal(math.log(0.035) - total / 2, math.sqrt(total - between), 1_000_000)
    k = np.exp(level[:, None] + rng.normal(0.0, math.sqrt(between), (1_000_000, cycles)))
    return 7.4 * k


def share_above(limit, *bounds):
    """Share of courses above a limit among those that gave each cycle its bound at least."""
    doses = population()
    kept = np.all([doses[:, i] >= bound for i, bound in enumerate(bounds)], axis=0)
    return float(np.mean(doses[kept].sum(axis=1) > limit))


def test_blood_alone_gives_a_lower_bound_of_the_marrow():
    given = cycle(blood=SAMPLES, models={})
    found = marrow(planned(given, estimator="least-squares"))
    # The review, by least squares: 0.063 +- 0.001 Gy, with the whole body 0.109 Gy.
    assert (found.basis, found.bed) == ("partial", None)
    assert found.absorbed_dose.value == pytest.approx(0.063, abs=0.001)
    averaged = marrow(planned(given)).absorbed_dose
    assert abs(averaged.value - 0.063) < averaged.sd


def test_lower_bound_is_not_used_as_the_dose_of_a_limit():
    made = planned(cycle(blood=SAMPLES, models={}))
    flag = flag_of(made, "red-marrow-ad-2")
    # docs/review.md: p(> 2 Gy) 0.10 given the bound; the sum alone gave p < 0.001, 89.7 GBq left
    assert (flag.basis, flag.severity) == ("population", "caution")
    assert flag.probability == pytest.approx(share_above(2.0, 0.063), abs=0.004)
    assert flag.margin_activity.value == 0.0


def test_a_high_lower_bound_conditions_the_population():
    # 0.45 Gy in cycle 1 gives p(> 2 Gy) 0.61, the maximum of draws 0.10
    made = planned(cycle(blood=slow(0.45)))
    assert marrow(made).absorbed_dose.value == pytest.approx(0.45, abs=0.003)
    assert flag_of(made, "red-marrow-ad-2").probability == pytest.approx(0.61, abs=0.02)


@pytest.mark.parametrize("gray", [(0.2, 0.2), (0.4, 0.1), (0.06, 0.45)])
def test_bounds_of_two_cycles_act_together(gray):
    one, two = gray
    exact = {"systematic_uncertainty": "0 %"}
    made = planned(
        cycle(blood=slow(one), **exact), cycle(blood=slow(two), at="2026-03-09", **exact)
    )
    bounds = [marrow(made, number).absorbed_dose.value for number in (1, 2)]
    expected = share_above(2.0, *bounds)
    # The bounds' own error, some 5 %, moves the probability by about 0.01.
    assert flag_of(made, "red-marrow-ad-2").probability == pytest.approx(expected, abs=0.02)


def test_complete_dose_of_a_later_cycle_replaces_the_bound():
    made = planned(cycle(blood=SAMPLES, models={}), cycle(BODY, blood=SAMPLES, at="2026-03-09"))
    assert [marrow(made, number).basis for number in (1, 2, 3)] == [
        *("partial", "measured", "predicted")
    ]
    assert flag_of(made, "red-marrow-ad-2").basis == "predicted"


@pytest.mark.parametrize("organ", ["kidneys", "liver", "spleen"])
def test_an_organ_with_uptake_is_not_average_tissue(organ):
    # Whole body alone: the kidneys came out at 0.37 Gy, "within, 213 GBq left"; the label has 4.8.
    made = planned(cycle(BODY))
    found = region_of(made.cycles[0].regions, organ)
    assert found.basis == "partial"
    later = region_of(made.cycles[1].regions, organ)
    assert later.basis == "population"
    assert later.absorbed_dose.value > 3 * found.absorbed_dose.value


def test_whole_body_alone_leaves_the_kidneys_to_the_population():
    flag = flag_of(planned(cycle(BODY)), "kidneys-ad-23")
    assert flag.basis == "population"
    # docs/evidence.md, nothing measured: p(> 23 Gy) = 0.266; the bound changes nothing
    assert flag.probability == pytest.approx(0.266, abs=0.005)


def test_solitary_kidney_is_not_a_lower_bound():
    made = planned(cycle(washout("kidney_left", 9000.0), BODY), risks=["single_kidney"])
    assert region_of(made.cycles[0].regions, "kidneys").basis == "measured"


def test_lower_bound_without_population_is_not_assessed():
    made = planned(cycle(blood=SAMPLES, models={}), agent=PSMA)
    assert marrow(made).basis == "partial"
    flag = flag_of(made, "red-marrow-ad-2")
    assert (flag.severity, flag.basis, flag.probability) == ("not-assessed", None, None)
    assert not [w for w in made.warnings if w.code == "lower-bound-above-limit"]


def test_lower_bound_above_the_limit_is_reported():
    made = planned(cycle(blood=slow(2.5)), agent=PSMA)
    (warning,) = [w for w in made.warnings if w.code == "lower-bound-above-limit"]
    assert "red-marrow-ad-2" in warning.message


def test_previous_radiation_adds_to_a_lower_bound():
    earlier = {"red_marrow": {"absorbed_dose": "1.8 Gy", "source": "a test"}}
    made = planned(cycle(blood=slow(0.46)), agent=PSMA, prior_doses=earlier)
    (warning,) = [w for w in made.warnings if w.code == "lower-bound-above-limit"]
    assert "2.26 Gy" in warning.message  # 1.8 + 0.46


def test_supplied_coefficient_is_not_a_lower_bound():
    made = planned(cycle(BODY, dose_coefficients={"kidneys": "0.6 Gy/GBq"}))
    assert region_of(made.cycles[0].regions, "kidneys").basis == "measured"
    assert "cycles[0] kidneys" not in {w.place for w in made.warnings if w.code == "partial-dose"}


def test_strategies_do_not_use_a_lower_bound():
    blood_alone = planned(cycle(blood=SAMPLES, models={}), limits=["red-marrow-ad-2"])
    assert blood_alone.decision.limit is None

    one = dosimetry.plan(
        patient(cycle(blood=SAMPLES, models={}), limits=["red-marrow-ad-2"]), "to-limit"
    )
    # at the risk beyond the regimen: the population's p is 0.10 after four cycles
    assert [c.status for c in one.cycles] == ["delivered", *["planned"] * 3]
