"""The published trial: exact intervals, odds ratio and Fisher's p against other sources."""

import math

import pytest

from dosimetry import InputError
from dosimetry.population.trial import published
from dosimetry.tables import table

LU, CONTROL = "177Lu-DOTATATE", "octreotide LAR 60 mg"


def one(arm, quantity):
    (found,) = [
        p for p in published("netter-1").proportions if (p.arm, p.quantity) == (arm, quantity)
    ]
    return found


def tail(count, n, p, upper):
    """Return P(X >= count) or P(X <= count) of a binomial, summed term by term."""
    which = range(count, n + 1) if upper else range(count + 1)
    return sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in which)


@pytest.mark.parametrize(
    ("arm", "quantity", "count", "n"),
    [
        (LU, "objective response rate", 18, 101),
        (CONTROL, "objective response rate", 3, 100),
        (LU, "deaths at interim analysis", 14, 116),
        (CONTROL, "deaths at interim analysis", 26, 113),
        (LU, "grade 3 or 4 neutropenia", 1, 111),
        (LU, "grade 3 or 4 thrombocytopenia", 2, 111),
        (LU, "grade 3 or 4 lymphopenia", 10, 111),  # 9 % of 111: only 10 rounds to it
    ],
)
def test_exact_intervals_leave_two_and_a_half_percent_on_either_side(arm, quantity, count, n):
    # Clopper and Pearson's definition: at each bound the tail beyond the count is 2.5 %
    found = one(arm, quantity)
    assert (found.interval, found.count, found.n) == ("exact", count, n)
    assert tail(count, n, found.lower / 100, upper=True) == pytest.approx(0.025, rel=1e-6)
    assert tail(count, n, found.upper / 100, upper=False) == pytest.approx(0.025, rel=1e-6)


def test_none_of_110_leaves_an_upper_bound():
    # 1 - 0.025^(1/110)
    found = one(CONTROL, "grade 3 or 4 neutropenia")
    assert found.lower == 0.0
    assert found.upper == pytest.approx(100 * (1 - 0.025 ** (1 / 110)), rel=1e-9)


def test_published_intervals_are_kept():
    found = one(LU, "progression-free survival at month 20")
    assert (found.value, found.lower, found.upper) == (65.2, 50.0, 76.8)  # Strosberg 2017
    assert found.interval == "published"
    assert found.count is None


def test_response_is_compared_by_odds_ratio_and_fisher_s_exact_test():
    contrast = published("netter-1").contrast
    assert contrast.odds_ratio == pytest.approx(18 * 97 / (83 * 3), rel=1e-12)
    # two-sided: the tables with the margins of the trial that are no likelier than the one seen
    chances = [math.comb(101, k) * math.comb(100, 21 - k) / math.comb(201, 21) for k in range(22)]
    wanted = sum(p for p in chances if p <= chances[18] * (1 + 1e-9))
    assert contrast.p_value == pytest.approx(wanted, rel=1e-9)
    assert contrast.p_value < 0.001  # as published: P < 0.001


def test_both_arms_and_every_row_of_the_table_are_there():
    found = published("netter-1")
    assert found.patients == {LU: 116, CONTROL: 113}
    rows = [r for r in table("trial_netter1").rows if r["quantity"] != "patients randomised"]
    assert [(p.arm, p.quantity) for p in found.proportions] == [
        (row["arm"], row["quantity"]) for row in rows
    ]


def test_nothing_is_claimed_that_the_table_does_not_carry():
    found = one(LU, "renal toxic effects in the observed time frame")
    assert (found.lower, found.upper, found.interval) == (None, None, "none")
    text = published("netter-1").to_json()
    assert "hazard ratios are not shown" in text
    assert "hazard_ratio" not in text


def test_an_unknown_trial_names_the_nearest():
    with pytest.raises(InputError, match="nearest: netter-1"):
        published("netter1")
