"""The published trials: exact intervals, odds ratio and Fisher's p against other sources."""

import math

import pytest

from dosimetry import InputError
from dosimetry.population.published_trial import published
from dosimetry.reference.tables import table

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
        (LU, "adverse event: neutropenia of grade 3 or 4", 1, 111),
        (LU, "adverse event: thrombocytopenia of grade 3 or 4", 2, 111),
        (
            LU,
            "adverse event: lymphopenia of grade 3 or 4",
            10,
            111,
        ),  # 9 % of 111: only 10 rounds to it
    ],
)
def test_exact_interval_leaves_2_5_percent_on_each_side(arm, quantity, count, n):
    # Clopper and Pearson's definition: at each bound the tail beyond the count is 2.5 %
    found = one(arm, quantity)
    assert (found.interval, found.count, found.n) == ("exact", count, n)
    assert tail(count, n, found.lower / 100, upper=True) == pytest.approx(0.025, rel=1e-6)
    assert tail(count, n, found.upper / 100, upper=False) == pytest.approx(0.025, rel=1e-6)


def test_zero_of_110_has_an_upper_bound():
    # 1 - 0.025^(1/110)
    found = one(CONTROL, "adverse event: neutropenia of grade 3 or 4")
    assert found.lower == 0.0
    assert found.upper == pytest.approx(100 * (1 - 0.025 ** (1 / 110)), rel=1e-9)


def test_published_intervals_are_kept():
    found = one(LU, "progression-free survival at month 20")
    assert (found.value, found.lower, found.upper) == (65.2, 50.0, 76.8)  # Strosberg 2017
    assert found.interval == "published"
    assert found.count is None


def test_response_has_odds_ratio_and_fisher_p():
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
    assert [(p.arm, p.quantity) for p in (*found.proportions, *found.published)] == [
        (row["arm"], row["quantity"]) for row in rows
    ]


def test_only_published_results_are_shown():
    found = one(LU, "adverse event: renal toxic effects in the observed time frame")
    assert (found.lower, found.upper, found.interval) == (None, None, "none")
    assert published("netter-2").contrast is None  # its table carries no response rates
    assert published("netter-2").proportions == ()


def figures(name):
    return {
        (found.arm, found.quantity): (found.value, found.lower, found.upper, found.unit)
        for found in published(name).published
    }


def test_netter_1_has_its_final_overall_survival():
    # Strosberg 2021: 48.0 (37.4 to 55.2) and 36.3 (25.9 to 51.7) months, HR 0.84 (0.60 to 1.17)
    found, versus = figures("netter-1"), f"{LU} against {CONTROL}"
    median, ratio = (
        f"overall survival, {what}, final analysis" for what in ("median", "hazard ratio")
    )
    assert found[LU, median] == (48.0, 37.4, 55.2, "month")
    assert found[CONTROL, median] == (36.3, 25.9, 51.7, "month")
    assert found[versus, ratio] == (0.84, 0.60, 1.17, "1")
    assert [p.p_value for p in published("netter-1").published] == [None, None, 0.30]


def test_netter_2_has_its_progression_free_survival():
    # Singh 2024: 22.8 (from 19.4) and 8.5 (7.7 to 13.8) months, HR 0.276 (0.182 to 0.418)
    found = published("netter-2")
    assert list(found.patients.values()) == [151, 75]
    assert [one.value for one in found.published] == [22.8, 8.5, 0.276]
    assert [(one.lower, one.upper) for one in found.published] == [
        (19.4, None),
        (7.7, 13.8),
        (0.182, 0.418),
    ]


def test_adverse_event_rates_are_named_as_such():
    for found in published("netter-1").proportions:
        if "penia" in found.quantity or "renal" in found.quantity:
            assert found.quantity.startswith("adverse event")


def test_an_unknown_trial_names_the_nearest():
    with pytest.raises(InputError, match="nearest: netter-1"):
        published("netter1")
