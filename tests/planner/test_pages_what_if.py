"""What-ifs of the pages: the inputs in words and as options, and the plan without new curves."""

import pickle

import pytest

import dosimetry
from dosimetry.planner.pages.sliders import sliders
from dosimetry.planner.pages.what_if import Regular, WhatIf
from dosimetry.planning.compare import compare_course
from dosimetry.planning.course_plan import plan_of_course
from dosimetry.planning.delivered_course import delivered_course
from dosimetry.problems import InputError

REGULAR = Regular(7.4, 8.0, 4, 2)
EXAMPLE = "examples/snmmi_patient4.yaml"


@pytest.fixture(scope="module")
def course():
    """The delivered part of an example, as a worker gets it."""
    return pickle.loads(pickle.dumps(delivered_course(dosimetry.read_patient(EXAMPLE))))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"activity": "6 GBq", "interval": "10 week", "cycles": 3},
        {"strategy": "adjusted", "risk": 0.1},
        {"strategy": "to-limit", "without_cycles": (3,)},
    ],
)
def test_what_if_equals_the_plan_of_the_patient(course, options):
    assert (
        plan_of_course(course, **options).to_json() == dosimetry.plan(EXAMPLE, **options).to_json()
    )


def test_comparison_of_a_course_equals_that_of_the_patient(course):
    assert compare_course(course, 0.1).to_json() == dosimetry.compare(EXAMPLE, 0.1).to_json()


def test_values_of_the_regimen_are_no_request():
    assert WhatIf("7.4", "8", "4").options(REGULAR) == {"strategy": "fixed", "risk": 0.05}


def test_other_values_are_requested():
    asked = WhatIf("6", "10", "3", "adjusted", "10").options(REGULAR)
    assert asked == {
        "strategy": "adjusted", "risk": 0.1, "activity": "6 GBq", "interval": "10 week",
        "cycles": 3,
    }  # fmt: skip


@pytest.mark.parametrize(("field", "place"), [("cycles", "cycles"), ("risk", "risk")])
def test_text_instead_of_a_number_is_refused(field, place):
    with pytest.raises(InputError) as refused:
        WhatIf(**{field: "many"}).options(REGULAR)
    assert refused.value.problems[0].place == place


@pytest.mark.parametrize("activity", [7.4, 7.43, 0.5])
def test_regimen_lies_on_the_grid_of_its_slider(activity):
    slider = sliders(WhatIf(), Regular(activity, 8.0, 4, 0))[0]
    steps = (float(slider.value) - float(slider.low)) / float(slider.step)
    assert steps == pytest.approx(round(steps), abs=1e-6)
    assert float(slider.low) <= activity == float(slider.value) == float(slider.high)
