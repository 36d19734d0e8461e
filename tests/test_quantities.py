"""Quantities of public functions: any registry in, the application registry out, strict tags."""

import math
import pickle

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosimetry.physics import absorbed_dose, decay, radiobiology
from dosimetry.physics.fitting import fit
from dosimetry.problems import InputError
from dosimetry.quantities import Amount, Distribution, Estimate, from_quantity, quantities
from dosimetry.units import DIMENSION_NAMES

HOST = pint.get_application_registry()
OTHER = pint.UnitRegistry()
HALF_LIFE = 159.528  # h, 177Lu, ICRP 107

REGISTRIES = pytest.mark.parametrize("registry", [HOST, OTHER], ids=["application", "another"])
DOORS = [
    (decay.constant, ((6.647, "day"),), "1/h"),
    (decay.decay, ((7.4, "GBq"), (1, "day"), (6.647, "day")), "MBq"),
    (decay.time_to, ((7.4, "GBq"), (3.7, "GBq"), (6.647, "day")), "h"),
    (decay.time_integral, ((7.4, "GBq"), (6.647, "day")), "MBq*h"),
    (absorbed_dose.dose, (([7.6], "GBq*h"), ([7.76e-5], "mGy/(MBq*s)")), "Gy"),
    (radiobiology.eqd2, ((4000, "cGy"), (2.6, "Gy")), "Gy"),
]


def refusal(call):
    with pytest.raises(InputError) as caught:
        call()
    (problem,) = caught.value.problems
    return problem


@REGISTRIES
def test_quantities_of_any_registry_are_admitted(registry):
    kept = decay.decay(
        registry.Quantity(200, "mCi"), registry.Quantity(6.647, "day"), registry.Quantity(1, "week")
    )
    expected = 7400 * 0.5 ** (6.647 / 7)
    assert kept.to("MBq").magnitude == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("door", "arguments", "unit"), DOORS, ids=lambda v: getattr(v, "__name__", "")
)
@REGISTRIES
def test_public_function_and_kernel_give_the_same_number(registry, door, arguments, unit):
    given_quantities = [registry.Quantity(value, text) for value, text in arguments]
    plain = [
        np.asarray(value) * registry.Quantity(1.0, text).to(canonical).magnitude
        for (value, text), canonical in zip(arguments, canonical_units(door), strict=True)
    ]
    result = door(*given_quantities)
    assert result.to(unit).magnitude == pytest.approx(door.kernel(*plain), rel=1e-13)


def canonical_units(door):
    return {
        decay.constant: ["h"],
        decay.decay: ["MBq", "h", "h"],
        decay.time_to: ["MBq", "MBq", "h"],
        decay.time_integral: ["MBq", "h"],
        absorbed_dose.dose: ["MBq*h", "Gy/(MBq*h)"],
        radiobiology.eqd2: ["Gy", "Gy"],
    }[door]


def test_results_add_to_quantities_of_the_host_registry():
    kept = decay.decay(
        OTHER.Quantity(7.4, "GBq"), OTHER.Quantity(0, "h"), OTHER.Quantity(6.647, "day")
    )
    total = kept + HOST.Quantity(600, "MBq")
    assert total.to("GBq").magnitude == pytest.approx(8.0, rel=1e-14)


def test_arrays_go_in_and_come_out_in_their_shape():
    times = HOST.Quantity(np.array([[0.0, 1.0], [2.0, 3.0]]) * HALF_LIFE, "h")
    kept = decay.decay(HOST.Quantity(8, "GBq"), times, HOST.Quantity(HALF_LIFE, "h"))
    np.testing.assert_allclose(kept.to("GBq").magnitude, [[8, 4], [2, 1]], rtol=1e-14)


@pytest.mark.parametrize("door", [door for door, _, _ in DOORS])
def test_public_functions_survive_pickle(door):
    copy = pickle.loads(pickle.dumps(door))
    assert copy is door
    assert copy.kernel is door.kernel


def test_public_function_keeps_kernel_name_and_docstring():
    assert decay.decay.__name__ == "decay"
    assert "purely physical decay" in decay.decay.__doc__


def test_public_function_takes_keywords():
    half = HOST.Quantity(6.647, "day")
    kept = decay.decay(half_life=half, activity=HOST.Quantity(1, "Bq"), elapsed=half)
    assert kept.to("Bq").magnitude == pytest.approx(0.5, rel=1e-14)


def test_a_missing_argument_is_an_error():
    with pytest.raises(TypeError, match="half_life"):
        decay.decay(HOST.Quantity(1, "Bq"), HOST.Quantity(1, "h"))


@pytest.mark.parametrize("bare", [7400.0, 7400, np.array([1.0, 2.0]), "7.4 GBq"])
def test_a_bare_number_is_refused_at_its_place(bare):
    problem = refusal(lambda: decay.decay(bare, HOST.Quantity(1, "h"), HOST.Quantity(6.647, "day")))
    assert (problem.code, problem.place) == ("no-unit", "activity")


@REGISTRIES
@pytest.mark.parametrize("unit", ["1/h", "1/s", "Hz", "count", "count/s", "Gy", "dimensionless"])
def test_other_quantity_is_refused_as_activity(registry, unit):
    half = registry.Quantity(6.647, "day")
    problem = refusal(lambda: decay.decay(registry.Quantity(1, unit), half, half))
    assert (problem.code, problem.place) == ("wrong-dimension", "activity")


@REGISTRIES
@pytest.mark.parametrize("unit", ["Sv", "mSv", "rem", "m**2/s**2", "Bq"])
def test_other_quantity_is_refused_as_absorbed_dose(registry, unit):
    dose, ratio = registry.Quantity(1, unit), registry.Quantity(2.6, "Gy")
    problem = refusal(lambda: radiobiology.eqd2(dose, ratio))
    assert (problem.code, problem.place) == ("wrong-dimension", "bed_total")


@REGISTRIES
@pytest.mark.parametrize(
    ("unit", "canonical"),
    [
        ("Sv/GBq", "Gy/GBq"),
        ("rem/MBq", "Gy/GBq"),
        ("Gy*h", "Gy/GBq"),
        ("Sv/(MBq*h)", "Gy/(MBq*h)"),
        ("Gy", "Gy/(MBq*h)"),
        ("dimensionless", "MBq*h"),
        ("1/(s*mL)", "kBq/mL"),
        ("MBq*h", "%"),
        ("percent", "%IA"),
        ("Hz", "1/h"),
        ("Bq", "1/h"),
    ],
)
def test_tags_are_compared_atom_by_atom_in_compounds(registry, unit, canonical):
    assert refusal(lambda: from_quantity(registry.Quantity(3, unit), canonical)).code == (
        "wrong-dimension"
    )


@REGISTRIES
@pytest.mark.parametrize(
    ("unit", "canonical", "factor"),
    [
        ("mGy/MBq", "Gy/GBq", 1.0),
        ("Gy/(MBq*h)", "Gy/(MBq*h)", 1.0),
        ("Gy/Bq/s", "Gy/(MBq*h)", 3.6e9),
        ("rads", "Gy", 0.01),
        ("cGy", "Gy", 0.01),
        ("Ci", "MBq", 37000.0),
        ("uCi*h", "MBq*h", 0.037),
        ("cm**3", "mL", 1.0),
        ("ml", "mL", 1.0),
        ("Bq/mm**3", "kBq/mL", 1.0),
        ("hour/minute", "1", 60.0),
        ("percent", "1", 0.01),
        ("keV", "MeV", 0.001),
        ("1/day", "1/h", 1 / 24),
        ("week", "h", 168.0),
    ],
)
def test_units_of_the_same_tags_are_converted(registry, unit, canonical, factor):
    assert from_quantity(registry.Quantity(3, unit), canonical) == pytest.approx(
        3 * factor, rel=1e-13
    )


@pytest.mark.parametrize("unit", ["rutherford", "radian", "degC", "hectare"])
def test_unknown_unit_is_refused(unit):
    assert refusal(lambda: from_quantity(HOST.Quantity(3, unit), "MBq")).code == "unknown-unit"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused(bad):
    half = HOST.Quantity(6.647, "day")
    values = HOST.Quantity(np.array([1.0, bad]), "MBq")
    problem = refusal(lambda: decay.decay(values, half, half))
    assert (problem.code, problem.place) == ("not-finite", "activity")


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_fit_refuses_points_that_are_not_finite(bad):
    times, activities = HOST.Quantity([4, 24, bad], "h"), HOST.Quantity([3, 2, 1], "MBq")
    problem = refusal(lambda: fit(times, activities))
    assert (problem.code, problem.place) == ("not-finite", "time")


def test_a_fit_refuses_bare_numbers_and_other_kinds():
    times, activities = HOST.Quantity([4, 24], "h"), HOST.Quantity([3, 2], "MBq")
    assert refusal(lambda: fit([4, 24], activities)).code == "no-unit"
    assert refusal(lambda: fit(times, [3, 2])).code == "no-unit"
    assert refusal(lambda: fit(times, activities, 0.1)).place == "sd"
    assert refusal(lambda: fit(times, HOST.Quantity([3, 2], "1/s"))).code == "wrong-dimension"


def test_a_fit_of_an_unknown_nuclide_names_the_nearest_known_one():
    times, activities = HOST.Quantity([4, 24], "h"), HOST.Quantity([3, 2], "MBq")
    problem = refusal(lambda: fit(times, activities, nuclide="Lu177"))
    assert (problem.code, problem.cure) == ("unknown-nuclide", "nearest: Lu-177")


def test_a_pure_number_needs_no_unit():
    assert from_quantity(0.41, "1") == 0.41


def test_parameters_without_a_unit_pass_unchanged():
    @quantities(dose="Gy", returns="Gy")
    def labelled(dose, label):
        return dose * len(label)

    assert labelled(HOST.Quantity(1, "Gy"), "abc").to("Gy").magnitude == 3.0


@pytest.mark.parametrize("unit", sorted(DIMENSION_NAMES))
def test_an_estimate_has_a_quantity_in_every_canonical_unit(unit):
    assert Estimate(2.0, 0.1, unit).quantity.magnitude > 0


def test_cell_count_is_a_quantity_of_the_host_registry():
    assert Amount(150.0, "1e9/L").quantity.to("1/L").magnitude == pytest.approx(1.5e11, rel=1e-14)


@given(
    st.floats(1e-6, 1e6),
    st.sampled_from(["MBq", "h", "Gy", "MBq*h", "Gy/GBq", "kBq/mL", "1/h", "g/dL", "%"]),
)
def test_quantity_survives_the_round_trip(value, unit):
    assert from_quantity(Amount(value, unit).quantity, unit) == pytest.approx(value, rel=1e-14)


def test_an_estimate_converts_value_and_sd_together():
    assert Estimate(2.61, 0.2, "Gy").to("mGy") == Estimate(2610.0, 200.0, "mGy")
    assert Estimate(2.0, None, "mCi").to("MBq") == Estimate(74.0, None, "MBq")


def test_an_amount_converts_within_its_kind_only():
    assert Amount(7.4, "GBq").to("mCi").value == pytest.approx(200.0, rel=1e-14)
    with pytest.raises(InputError, match="Sv"):
        Amount(2.0, "Sv").to("Gy")


def test_a_distribution_gives_its_mean_as_a_quantity():
    mean = Distribution(19.4, 8.3, 9.1, 35.0, "Gy").quantity
    assert mean.to("cGy").magnitude == pytest.approx(1940.0, rel=1e-14)


def test_results_are_frozen():
    with pytest.raises(AttributeError):
        Estimate(1.0, 0.1, "Gy").value = 2.0
