"""Search for the curve that fits points best: compiled, and sealed behind the names below.

The modules of this folder are one kernel, which Python runs and numba compiles; import them from
nowhere else. What they do, from the outside in: ``least_squares`` completes what ``kernel`` finds,
``kernel`` searches from the starts of ``grid``, ``descent`` walks downhill, ``misfit`` is
chi-square and its slopes, ``layout`` names the places of the work array, ``compiling`` hands all to
numba.
"""

from dosimetry.physics.curve_search.compiling import repays_compiling
from dosimetry.physics.curve_search.least_squares import fit_batch, fit_model
from dosimetry.physics.curve_search.optima import Optima, Optimum

__all__ = ["Optima", "Optimum", "fit_batch", "fit_model", "repays_compiling"]
