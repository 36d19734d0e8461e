"""Every public function of physics has a property test."""

import importlib
from pathlib import Path

import pytest
from properties import CLAIMED, property_of, public_functions

from dosimetry.physics import decay, kinetics

pytestmark = pytest.mark.slow

# Compared with known answers, textbook conditioning, importance sampling and another Sobol
# sequence, in posterior/, test_prediction.py, test_draws.py and test_course_total.py.
ELSEWHERE = ("course_total.", "draws.", "posterior.", "prediction.")


def test_every_public_function_of_physics_has_a_property_test():
    for file in sorted(Path(__file__).parent.glob("test_properties_*.py")):
        importlib.import_module(file.stem)
    without = [
        name
        for name, code in public_functions().items()
        if code not in CLAIMED and not name.startswith(ELSEWHERE)
    ]
    assert without == []


def test_register_lists_functions_methods_and_properties():
    found = public_functions()
    assert {
        "decay.decay",
        "radiobiology.lea_catcheside",
        "kinetics.Trapezoid.tail",
        "fitted_curve.FittedCurve.aicc_weights",
        "curve_search.optima.Optimum.tia",
        "curve_search.compiling.compiled_kernel",
    } <= set(found)
    assert found["kinetics.Trapezoid.tail"] is kinetics.Trapezoid.tail.__code__


def test_claim_of_a_function_not_called_fails():
    @property_of(decay.decay)
    def calls_something_else():
        decay.constant.kernel(1.0)

    with pytest.raises(AssertionError, match="claimed, but not called"):
        calls_something_else()
