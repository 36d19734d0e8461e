"""The independent recalculation in one sentence."""

from __future__ import annotations

from dosimetry.documents.plan import Plan
from dosimetry.patient.kidneys import pair_of
from dosimetry.report.words.names import words

SMALLEST = 0.005  # in %; less is shown as "< 0.01 %"


def result(plan: Plan) -> str:
    """Return whether the recalculation agrees, and the largest difference.

    Parameters
    ----------
    plan : Plan
        With at least one delivered cycle.

    Examples
    --------
    >>> import dosimetry
    >>> result(dosimetry.plan(dosimetry.read_patient("examples/two_cycles.yaml")))
    'agrees (largest difference 0.35 %, kidneys)'
    """
    largest = max(plan.second_check, key=lambda figure: figure.difference.value)
    percent = largest.difference.value
    difference = "< 0.01 %" if percent < SMALLEST else f"{percent:.2f} %"
    region = words(pair_of(largest.region))
    agrees = all(figure.passed for figure in plan.second_check)
    verdict = "agrees" if agrees else "DOES NOT AGREE"
    return f"{verdict} (largest difference {difference}, {region})"
