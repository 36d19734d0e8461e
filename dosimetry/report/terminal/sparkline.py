"""Curves as one line of text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dosimetry.documents.fit import PlanCurve
from dosimetry.report.curve_points import activity_over

BLOCKS = "▁▂▃▄▅▆▇█"


def spark(values: Sequence[float]) -> str:
    """Return numbers as blocks; the highest block is the largest number.

    Examples
    --------
    >>> spark([0.0, 1.0, 2.0, 4.0])
    '▁▃▅█'
    """
    most = max(values)
    last = len(BLOCKS) - 1
    if most <= 0:
        return BLOCKS[0] * len(values)
    return "".join(BLOCKS[min(last, round(last * max(value, 0.0) / most))] for value in values)


def spark_curve(curve: PlanCurve, width: int = 16) -> str:
    """Return a fitted curve as blocks, from the administration to its last point.

    Examples
    --------
    >>> import dosimetry
    >>> plan = dosimetry.plan(dosimetry.read_patient("examples/snmmi_patient4.yaml"))
    >>> len(spark_curve(plan.curves[0]))
    16
    """
    end = curve.points[-1].time.value
    activity, _ = activity_over(curve, np.linspace(0.0, end, width))
    return spark(activity.tolist())
