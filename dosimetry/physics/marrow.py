"""Red marrow from blood: EANM's blood-based method.

TIA(marrow) = RMBLR x TIA(blood) per gram x marrow mass (Hindorf 2010, EANM guidelines for bone
marrow dosimetry); for 177Lu-DOTATATE the ratio is one (Forrer 2009).
"""

from __future__ import annotations

from typing import Any

from dosimetry.quantities import quantities
from dosimetry.reference import tables


def plasma_ratio(hematocrit: float) -> float:
    """Return the red-marrow-to-blood ratio of an agent that stays in plasma.

    RMBLR = f / (1 - haematocrit), with the marrow's extracellular fluid fraction f, 0.19
    (table ``defaults``), which plasma activity fills as it fills the plasma (Sgouros 1993).

    Parameters
    ----------
    hematocrit : float
        Fraction.

    Examples
    --------
    >>> round(plasma_ratio(0.41), 4)
    0.322
    """
    return tables.default("marrow_extracellular_fraction", "1") / (1.0 - hematocrit)


@quantities(reference_mass="g", body_mass="g", reference_body_mass="g", returns="g")
def marrow_mass(reference_mass: Any, body_mass: Any, reference_body_mass: Any) -> Any:
    """Return the patient's red marrow mass, scaled with the body mass.

    Parameters
    ----------
    reference_mass : quantity [mass]
        Red marrow of the phantom.
    body_mass, reference_body_mass : quantity [mass]
        Of the patient and of the phantom.

    Returns
    -------
    quantity [g]

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> marrow_mass.kernel(1170.0, 36500.0, 73000.0)
    585.0
    """
    return reference_mass * body_mass / reference_body_mass


@quantities(concentration="MBq/g", mass="g", returns="MBq")
def marrow_activity(concentration: Any, mass: Any, ratio: float) -> Any:
    """Return the activity in the red marrow from a concentration in blood or vertebrae.

    Parameters
    ----------
    concentration : quantity [activity / mass], any shape
        1 mL of blood counts as 1 g.
    mass : quantity [mass]
        Of the red marrow.
    ratio : float
        Red-marrow-to-blood ratio; one for a concentration in the marrow itself.

    Returns
    -------
    quantity [MBq], same shape

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> marrow_activity.kernel(0.002, 1170.0, 1.0)
    2.34
    """
    return ratio * concentration * mass
