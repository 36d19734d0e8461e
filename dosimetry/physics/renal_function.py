"""Renal function from serum creatinine: Cockcroft–Gault clearance and CKD-EPI 2021 eGFR."""

from __future__ import annotations

from dosimetry.quantities import quantities
from dosimetry.reference.laboratory import renal_coefficients


@quantities(creatinine="mg/dL", age="year", weight="kg", returns="mL/min")
def cockcroft_gault(creatinine: float, age: float, weight: float, sex: str) -> float:
    """Return the creatinine clearance by Cockcroft and Gault.

    Parameters
    ----------
    creatinine : quantity [mass concentration]
        In serum.
    age : quantity [time]
    weight : quantity [mass]
        Actual body weight.
    sex : str
        ``female`` or ``male``.

    Returns
    -------
    quantity [volume/time]

    Raises
    ------
    InputError
        A bare number or a unit of another dimension.

    Notes
    -----
    (140 - age) weight / (72 creatinine), x 0.85 for women (Nephron 1976;16:31-41).

    Examples
    --------
    >>> round(cockcroft_gault.kernel(1.0, 60.0, 72.0, "male"), 9)
    80.0
    """
    c = renal_coefficients("cockcroft_gault", sex)
    return (c["age_offset"] - age) * weight / (c["divisor"] * creatinine) * c["factor"]


@quantities(creatinine="mg/dL", age="year", returns="mL/min")
def ckd_epi_2021(creatinine: float, age: float, sex: str) -> float:
    """Return the estimated glomerular filtration rate per 1.73 m2 of body surface.

    Parameters
    ----------
    creatinine : quantity [mass concentration]
        In serum.
    age : quantity [time]
    sex : str
        ``female`` or ``male``.

    Returns
    -------
    quantity [volume/time]
        Per 1.73 m2.

    Raises
    ------
    InputError
        A bare number or a unit of another dimension.

    Notes
    -----
    142 min(Scr/k, 1)^a max(Scr/k, 1)^-1.200 0.9938^age (x 1.012 for women); Inker et al.,
    N Engl J Med 2021;385:1737-1749.

    Examples
    --------
    >>> print(f"{ckd_epi_2021.kernel(0.9, 50.0, 'male'):.2f}")
    104.05
    """
    c = renal_coefficients("ckd_epi_2021", sex)
    ratio = creatinine / c["kappa"]
    low, high = min(ratio, 1.0) ** c["alpha"], max(ratio, 1.0) ** c["beta"]
    return float(c["scale"] * low * high * c["age_base"] ** age * c["factor"])
