"""Quantities that are refused, as text."""

import pytest

from dosimetry.problems import InputError
from dosimetry.units import parse_quantity


def refusal(text, unit):
    """Return the one problem of a quantity."""
    with pytest.raises(InputError) as caught:
        parse_quantity(text, unit)
    (problem,) = caught.value.problems
    return problem
