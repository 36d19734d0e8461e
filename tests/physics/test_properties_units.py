"""Property tests of units: dimensions of arguments and results, any unit written."""

import inspect
import math

import pint
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from properties import EXAMPLES, property_of, property_of_each

from dosimetry.physics import absorbed_dose, decay, marrow, one_scan, radiobiology, renal_function
from dosimetry.physics.fitting import fit
from dosimetry.problems import InputError

pytestmark = pytest.mark.slow

Q = pint.get_application_registry().Quantity

# The dimension of every argument and of the result, from the equations of docs/method.md.
DOORS = {
    decay.constant: ({"half_life": "h"}, "1/h"),
    decay.decay: ({"activity": "MBq", "elapsed": "h", "half_life": "h"}, "MBq"),
    decay.time_to: ({"activity": "MBq", "later": "MBq", "half_life": "h"}, "h"),
    decay.time_integral: ({"activity": "MBq", "half_life": "h"}, "MBq*h"),
    decay.daughter_activity: (
        {
            "parent": "MBq",
            "daughter": "MBq",
            "elapsed": "h",
            "parent_half_life": "h",
            "daughter_half_life": "h",
        },
        "MBq",
    ),
    decay.net_administered: (
        {
            "prepared": "MBq",
            "prepared_before": "h",
            "residual": "MBq",
            "residual_after": "h",
            "half_life": "h",
        },
        "MBq",
    ),
    absorbed_dose.dose: ({"tia": "MBq*h", "s_value": "Gy/(MBq*h)"}, "Gy"),
    absorbed_dose.self_s_value: (
        {"s_self": "Gy/(MBq*h)", "reference_mass": "g", "mass": "g"},
        "Gy/(MBq*h)",
    ),
    absorbed_dose.kidney_s_value: (
        {"s_pair": "Gy/(MBq*h)", "pair_mass": "g", "mass": "g"},
        "Gy/(MBq*h)",
    ),
    absorbed_dose.sphere_s_value: ({"mass": "g"}, "Gy/(MBq*h)"),
    marrow.marrow_mass: (
        {"reference_mass": "g", "body_mass": "g", "reference_body_mass": "g"},
        "g",
    ),
    marrow.marrow_activity: ({"concentration": "MBq/g", "mass": "g"}, "MBq"),
    one_scan.hanscheid: ({"activity": "MBq", "time": "h"}, "MBq*h"),
    radiobiology.bed: ({"dose": "Gy", "alpha_beta": "Gy"}, "Gy"),
    radiobiology.bed_sd: ({"dose": "Gy", "dose_sd": "Gy", "alpha_beta": "Gy"}, "Gy"),
    radiobiology.eqd2: ({"bed_total": "Gy", "alpha_beta": "Gy"}, "Gy"),
    renal_function.cockcroft_gault: (
        {"creatinine": "mg/dL", "age": "year", "weight": "kg"},
        "mL/min",
    ),
    renal_function.ckd_epi_2021: ({"creatinine": "mg/dL", "age": "year"}, "mL/min"),
}
# What has no dimension, or stands in canonical units by the docstring.
PLAIN = {
    "electron_constant": 0.0853196,
    "branching_fraction": 0.217,
    "table_masses": [1.0, 10.0, 100.0],
    "table_s_values": [8e-2, 8.2e-3, 8.4e-4],
    "ratio": 0.36,
    "g": 0.05,
    "sex": "female",
}
ALIKE = {
    "h": ["min", "day", "week"],
    "year": ["day", "week"],
    "g": ["kg", "mg"],
    "kg": ["g"],
    "Gy": ["mGy", "cGy"],
    "MBq": ["GBq", "kBq", "mCi"],
    "MBq*h": ["GBq*day", "Bq*s", "mCi*h"],
    "MBq/g": ["kBq/g", "GBq/kg"],
    "Gy/(MBq*h)": ["mGy/(MBq*s)", "Gy/(GBq*day)"],
    "mg/dL": ["g/L", "mg/L"],
}
UNLIKE = ["h", "g", "Gy", "Sv", "MBq", "Hz", "1/h", "MBq*h", "Gy/GBq", "MBq/g", "mg/dL", "cm"]


def kind(unit):
    """Return the canonical unit of the same dimension; mass and time have two names each."""
    return {"kg": "g", "year": "h"}.get(unit, unit)


def plain(function):
    return {name: PLAIN[name] for name in inspect.signature(function).parameters if name in PLAIN}


def drawn(data, units):
    return {name: data.draw(st.floats(0.5, 90.0), name) for name in units}


def as_one(result):
    """Return a result as a float; the dose of one source comes as an array without axes."""
    return float(result.magnitude)


def test_every_argument_of_a_public_function_is_covered():
    for function, (units, _) in DOORS.items():
        assert list(inspect.signature(function).parameters) == [
            name for name in inspect.signature(function).parameters if name in {**units, **PLAIN}
        ]


def call(function, quantities):
    if function is absorbed_dose.dose:  # its last axis is that of the sources
        quantities = {name: Q([one.magnitude], one.units) for name, one in quantities.items()}
    return function(**quantities, **plain(function))


@property_of_each(DOORS)
@EXAMPLES
@given(st.data())
def test_result_does_not_depend_on_the_unit_written(function, data):
    units, _ = DOORS[function]
    values = drawn(data, units)
    canonical = {name: Q(value, units[name]) for name, value in values.items()}
    other = {
        name: one.to(data.draw(st.sampled_from(ALIKE[units[name]]), f"unit of {name}"))
        for name, one in canonical.items()
    }
    expected = as_one(call(function, canonical))
    assume(math.isfinite(expected))
    scale = max(values.values())  # a small difference of large terms keeps their digits
    assert as_one(call(function, other)) == pytest.approx(expected, rel=1e-11, abs=1e-13 * scale)


@property_of_each(DOORS)
@EXAMPLES
@given(st.data())
def test_public_function_equals_its_kernel_in_its_unit(function, data):
    units, returns = DOORS[function]
    values = drawn(data, units)
    found = call(function, {name: Q(value, units[name]) for name, value in values.items()})
    if function is absorbed_dose.dose:
        values = {name: [value] for name, value in values.items()}
    assert as_one(found) == pytest.approx(
        float(function.kernel(**values, **plain(function))), rel=1e-15
    )
    assert found.units == Q(1, returns).units


@property_of_each(DOORS)
def test_other_dimension_is_refused_at_its_argument(function):
    units, _ = DOORS[function]
    right = {name: Q(2.0, unit) for name, unit in units.items()}
    for name, unit in units.items():
        for wrong in (one for one in UNLIKE if one != kind(unit)):
            with pytest.raises(InputError) as caught:
                call(function, {**right, name: Q(2.0, wrong)})
            (problem,) = caught.value.problems
            assert (problem.code, problem.place) == ("wrong-dimension", name), wrong


@property_of_each([one for one in DOORS if one is not absorbed_dose.dose])
def test_a_number_without_a_unit_is_refused_at_its_argument(function):
    units, _ = DOORS[function]
    for name in units:
        right = {other: Q(2.0, unit) for other, unit in units.items()}
        with pytest.raises(InputError) as caught:
            function(**{**right, name: 2.0}, **plain(function))
        assert [(p.code, p.place) for p in caught.value.problems] == [("no-unit", name)]


@property_of(fit)
@EXAMPLES
@given(
    st.floats(10.0, 500.0),
    st.floats(20.0, 140.0),
    st.sampled_from(ALIKE["h"]),
    st.sampled_from(ALIKE["MBq"]),
)
def test_a_fit_does_not_depend_on_the_unit_of_its_points(amplitude, half_life, time, activity):
    hours = Q([2.0, 24.0, 72.0, 168.0], "h")
    curve = [amplitude * 2 ** (-t / half_life) * f for t, f in zip(
        hours.magnitude, (1.02, 0.97, 1.01, 0.99), strict=True
    )]  # fmt: skip
    points = Q(curve, "MBq")
    one = fit(hours, points, model="mono")
    other = fit(hours.to(time), points.to(activity), model="mono")
    assert other.tia.unit == one.tia.unit == "MBq*h"
    assert other.tia.value == pytest.approx(one.tia.value, rel=1e-9)
    assert other.tia.sd == pytest.approx(one.tia.sd, rel=1e-7)
    assert other.effective_half_life.value == pytest.approx(one.effective_half_life.value, rel=1e-9)
