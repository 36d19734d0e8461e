"""The second calculation's integrals against the known answers of the physics."""

import math

import numpy as np
import pytest

from dosimetry.physics.second_integrals import (
    area,
    exponential_course,
    pieces_course,
    quadratic_dose,
    time_steps,
)

LN2 = math.log(2)
DECAY = LN2 / 159.528


@pytest.mark.parametrize(
    ("model", "parameters", "expected"),
    [
        ("uptake", (108.7421, 0.0140814, 0.845429), 7593.755),  # SNMMI patient 4, left kidney
        ("mono", (1.0, DECAY), 230.150),
        ("bi", (3.0, 5.0, 0.01, 0.5), 310.0),
        ("bi-uptake", (3.0, 5.0, 0.01, 0.5, 2.0), 306.0),
        ("uptake", (1e6, 0.01, 0.01 + 1e-8), 100.0),  # two rates that are nearly one
        ("uptake", (20.0, 0.0043, 20.0), 20.0 / 0.0043 - 1.0),
    ],
)
def test_area_of_exponentials(model, parameters, expected):
    assert area(exponential_course(model, parameters)) == pytest.approx(expected, rel=3e-6)


@pytest.mark.parametrize(
    ("times", "activities", "physical", "expected"),
    [
        # A head of 8 MBq h, twice 4/ln 2.
        ((1.0, 2.0), (8.0, 4.0), 1e-12, 8.0 + 8.0 / LN2),
        # Rises as a straight line, falls as an exponential, never slower than physical decay.
        ((0.0, 2.0, 4.0), (2.0, 4.0, 4.0 / math.e), 0.1, 6.0 + 8.0 * (1 - 1 / math.e) + 8 / math.e),
        ((1.0, 2.0), (4.0, 4.0), 0.5, 8.0 * math.expm1(0.5) + 4.0 + 8.0),
    ],
)
def test_area_of_pieces(times, activities, physical, expected):
    found = area(pieces_course(times, activities, physical))
    assert found == pytest.approx(expected, rel=1e-8)


def protraction(parts, repair_half_life=2.8):
    time = time_steps(parts, LN2 / repair_half_life)
    rate = sum(part.activity(time) for part in parts)[:, None]
    dose = sum(area(part) for part in parts)
    return quadratic_dose(time, rate, np.array([LN2 / repair_half_life]))[0] / dose**2


@pytest.mark.parametrize(
    ("model", "parameters", "expected"),
    [
        ("mono", (1.0, LN2 / 50), 0.0530303),
        ("uptake", (1.0, DECAY + LN2 / 75, 0.6), 0.0516930),
        ("bi", (0.04, 0.06, LN2 / 60, LN2 / 12), 0.0608432),
    ],
)
def test_differential_equation_gives_the_known_protraction(model, parameters, expected):
    found = protraction([exponential_course(model, parameters)])
    assert found == pytest.approx(expected, rel=1e-4)
    assert 5 + found * 25 / 2.6 == pytest.approx(5 + expected * 25 / 2.6, rel=1e-5)


def test_rate_of_repair_like_that_of_decay_is_no_special_case():
    # G = mu = l: (2/D^2) r^2 / (2 l 2 l) = 1/2.
    assert protraction([exponential_course("mono", (1.0, LN2 / 2.8))]) == pytest.approx(0.5, 1e-4)


def test_pieces_of_a_mono_exponential_protract_like_it():
    times = [1.0, 10.0, 60.0, 200.0]
    whole = pieces_course(times, [math.exp(-DECAY * t) for t in times], DECAY)
    expected = DECAY / (DECAY + LN2 / 2.8)
    assert protraction([whole]) == pytest.approx(expected, rel=1e-4)
