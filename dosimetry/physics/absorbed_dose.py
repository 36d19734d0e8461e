"""Absorbed dose by the MIRD scheme: S values, patient masses, remainder of the body, spheres.

D(target) = sum over sources of TIA x S(target <- source) (MIRD pamphlet 21, Bolch 2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dosimetry.quantities import quantities
from dosimetry.units import G_PER_KG

# 1 MeV = 1.602176634e-13 J (SI); 1 MBq h = 3.6e9 decays
GY_G_PER_MBQ_H_PER_MEV = 1.602176634e-13 * 3.6e9 * G_PER_KG


def electron_dose_constant(energy: float) -> float:
    """Return the dose per time-integrated activity of electrons absorbed in 1 g.

    Parameters
    ----------
    energy : float
        Mean electron energy per decay in MeV.

    Returns
    -------
    float
        In Gy g/(MBq h).

    Examples
    --------
    >>> print(f"{electron_dose_constant(0.147923):.6f}")
    0.085320
    """
    return energy * GY_G_PER_MBQ_H_PER_MEV


@quantities(tia="MBq*h", s_value="Gy/(MBq*h)", returns="Gy")
def dose(tia: Any, s_value: Any) -> Any:
    """Return the absorbed dose: TIA x S summed over the last axis (sources).

    Parameters
    ----------
    tia : quantity [activity x time], shape (..., sources)
    s_value : quantity [absorbed dose / (activity x time)], shape (..., sources)

    Returns
    -------
    quantity [Gy], shape (...)

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> print(f"{dose.kernel([7593.755], [7.76e-5 * 3.6]):.4f}")
    2.1214
    """
    return np.einsum("...s,...s->...", np.asarray(tia), np.asarray(s_value))


def split_self(
    s_self: float, reference_mass: float, electron_constant: float
) -> tuple[float, float]:
    """Return the electron and the photon part of a self-dose S value.

    The electron part is at most Delta_e/m, at which all electrons are absorbed in the region; the
    photon part is the rest.

    Parameters
    ----------
    s_self : float
        In Gy/(MBq h).
    reference_mass : float
        Mass of the phantom's region in g.
    electron_constant : float
        In Gy g/(MBq h), see :func:`electron_dose_constant`.

    Returns
    -------
    electron, photon : float
        In Gy/(MBq h).

    Examples
    --------
    >>> electron, photon = split_self(7.76e-5 * 3.6, 310.0, 0.0853196)
    >>> print(f"{electron / 3.6:.5e} {photon / 3.6:.3e}")
    7.64513e-05 1.149e-06
    """
    electron = min(s_self, electron_constant / reference_mass)
    return electron, s_self - electron


@quantities(s_self="Gy/(MBq*h)", reference_mass="g", mass="g", returns="Gy/(MBq*h)")
def self_s_value(s_self: Any, reference_mass: Any, mass: Any, electron_constant: float) -> Any:
    """Return a self-dose S value scaled to the patient's mass.

    Electron part with (m_ref/m), photon part with (m_ref/m)^(2/3) (Snyder 1970; Wessels 2008).

    Parameters
    ----------
    s_self : quantity [absorbed dose / (activity x time)]
    reference_mass, mass : quantity [mass]
    electron_constant : float
        In Gy g/(MBq h).

    Returns
    -------
    quantity [Gy/(MBq h)]

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> print(f"{self_s_value.kernel(7.76e-5 * 3.6, 310.0, 253.0, 0.0853196) / 3.6:.5e}")
    9.49908e-05
    """
    electron, photon = split_self(s_self, reference_mass, electron_constant)
    ratio = reference_mass / mass
    return electron * ratio + photon * ratio ** (2.0 / 3.0)


@quantities(s_pair="Gy/(MBq*h)", pair_mass="g", mass="g", returns="Gy/(MBq*h)")
def kidney_s_value(s_pair: Any, pair_mass: Any, mass: Any, electron_constant: float) -> Any:
    """Return the self-dose S value of one kidney: Delta_e/m + photon part x (m_pair/m)^(2/3).

    Parameters
    ----------
    s_pair : quantity [absorbed dose / (activity x time)]
        Self-dose S value of the phantom's pair.
    pair_mass, mass : quantity [mass]
        Of the phantom's pair and of the patient's kidney.
    electron_constant : float
        In Gy g/(MBq h).

    Returns
    -------
    quantity [Gy/(MBq h)]

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> print(f"{kidney_s_value.kernel(7.76e-5 * 3.6, 310.0, 155.0, 0.0853196) / 3.6:.4e}")
    1.5473e-04
    """
    _, photon = split_self(s_pair, pair_mass, electron_constant)
    return electron_constant / mass + photon * (pair_mass / mass) ** (2.0 / 3.0)


def remainder_s_value(
    s_total_body: float,
    total_body_mass: float,
    s_sources: Sequence[float],
    source_masses: Sequence[float],
) -> float:
    """Return the S value from the remainder of the body.

    [S(t <- total body) m_tb - sum_k S(t <- k) m_k] / (m_tb - sum_k m_k) over the measured sources
    k that have a mass in the phantom (MIRD pamphlet 11; Cloutier 1973). Never negative.

    Parameters
    ----------
    s_total_body : float
        S(target <- total body) in Gy/(MBq h).
    total_body_mass : float
        Of the phantom in g.
    s_sources, source_masses : sequence of float
        S(target <- k) in Gy/(MBq h) and phantom masses in g of the measured sources.

    Returns
    -------
    float
        In Gy/(MBq h).

    Examples
    --------
    >>> remainder_s_value(2.0, 100.0, [6.0], [20.0])
    1.0
    """
    masses = np.asarray(source_masses, dtype=float)
    from_sources = float(np.sum(np.asarray(s_sources, dtype=float) * masses))
    from_remainder = s_total_body * total_body_mass - from_sources
    # A wall gets nearly all of its dose from its contents: rounding can make the rest negative.
    return max(from_remainder, 0.0) / (total_body_mass - float(masses.sum()))


def body_scaled(s_body: float, electron: float, ratio: float) -> float:
    """Return an S value of the body or its remainder scaled to the patient's body mass.

    Electron part with (m_ref/m), photon part with (m_ref/m)^(2/3), as for self-dose (Snyder 1970).

    Parameters
    ----------
    s_body, electron : float
        S value of the phantom and its electron part, in Gy/(MBq h).
    ratio : float
        Body mass of the phantom divided by the patient's.

    Returns
    -------
    float
        In Gy/(MBq h).

    Examples
    --------
    >>> body_scaled(3.0, 2.0, 8.0)
    20.0
    """
    photon = s_body - electron
    return float(electron * ratio + photon * ratio ** (2.0 / 3.0))


@quantities(mass="g", returns="Gy/(MBq*h)")
def sphere_s_value(mass: Any, table_masses: Any, table_s_values: Any) -> Any:
    """Return the self-dose S value of a unit-density sphere, for tumours.

    S x m, which is smooth, is interpolated linearly in ln m; outside the table the nearest S x m is
    used (MIRD sphere model, Stabin and Konijnenberg 2000).

    Parameters
    ----------
    mass : quantity [mass], any shape
    table_masses, table_s_values : sequence of float
        In g, rising, and Gy/(MBq h).

    Returns
    -------
    quantity [Gy/(MBq h)], same shape

    Raises
    ------
    InputError
        Unit of another dimension.

    Examples
    --------
    >>> print(sphere_s_value.kernel(2.0, [1.0, 4.0], [1.0, 0.25]))
    0.5
    """
    masses = np.asarray(table_masses)
    product = np.interp(np.log(mass), np.log(masses), masses * np.asarray(table_s_values))
    return product / mass
