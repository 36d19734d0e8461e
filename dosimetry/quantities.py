"""Numbers with units: pint quantities at the public functions, estimates inside.

Public functions accept quantities of any pint registry (:func:`quantities`); their units are read
by name, as defined in :mod:`dosimetry.units`. Returned quantities belong to pint's application
registry, so that they combine with the host program's.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeAlias, TypeVar, cast

import numpy as np

from dosimetry.problems import InputError, quote, refuse
from dosimetry.units import (
    conversion,
    dimension_name,
    example_of,
    measure,
    measure_text,
    pint_text,
    round_trip,
    wrong_dimension,
)

if TYPE_CHECKING:
    import pint

    Quantity: TypeAlias = pint.Quantity[Any]

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit.

    Parameters
    ----------
    value : float
    unit : str
        Unit text.

    Examples
    --------
    >>> Amount(7.4, "GBq").quantity
    <Quantity(7.4, 'gigabecquerel')>
    """

    value: float
    unit: str

    @property
    def quantity(self) -> Quantity:
        """The value as a quantity of pint's application registry."""
        return application_quantity(self.value, self.unit)

    def to(self, unit: str) -> Amount:
        """Return the same amount in another unit of its dimension."""
        return Amount(self.value * conversion(self.unit, unit), unit)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its standard deviation and its unit.

    Parameters
    ----------
    value : float
    sd : float or None
        Standard deviation in the same unit; None if unknown.
    unit : str
        Unit text.

    Examples
    --------
    >>> Estimate(2.61, 0.2, "Gy").quantity
    <Quantity(2.61, 'gray')>
    """

    value: float
    sd: float | None
    unit: str

    @property
    def quantity(self) -> Quantity:
        """The value as a quantity of pint's application registry."""
        return application_quantity(self.value, self.unit)

    def to(self, unit: str) -> Estimate:
        """Return the same estimate in another unit of its dimension."""
        factor = conversion(self.unit, unit)
        return Estimate(self.value * factor, None if self.sd is None else self.sd * factor, unit)


def tia_in_words(tia: Estimate) -> str:
    """Return a time-integrated activity as text, with its sd if known.

    Examples
    --------
    >>> tia_in_words(Estimate(7594.0, 310.0, "MBq*h"))
    'TIA 7594 ± 310 MBq h'
    """
    spread = "" if tia.sd is None else f" ± {tia.sd:.3g}"
    return f"TIA {tia.value:.4g}{spread} {tia.unit.replace('*', ' ')}"


@dataclass(frozen=True, slots=True)
class Distribution:
    """Mean, standard deviation, 5th and 95th percentile, and their unit.

    Parameters
    ----------
    value : float
    sd, p5, p95 : float or None
        None if unknown.
    unit : str
        Unit text.
    """

    value: float
    sd: float | None
    p5: float | None
    p95: float | None
    unit: str

    @property
    def quantity(self) -> Quantity:
        """The mean as a quantity of pint's application registry."""
        return application_quantity(self.value, self.unit)

    def scaled(self, factor: float) -> Distribution:
        """Return the distribution times a positive factor, in the same unit."""
        sd, p5, p95 = (None if x is None else x * factor for x in (self.sd, self.p5, self.p95))
        return Distribution(self.value * factor, sd, p5, p95, self.unit)


def from_quantity(quantity: object, unit: str) -> Any:
    """Return the magnitude of a pint quantity of any registry in a canonical unit.

    Unit names are read by the definitions of :mod:`dosimetry.units`.

    Raises
    ------
    InputError
        A bare number where a unit is needed, an unknown unit, or one of another dimension.

    Examples
    --------
    >>> import pint
    >>> from_quantity(pint.get_application_registry().Quantity(3, "day"), "h")
    72.0
    """
    if not hasattr(quantity, "unit_items"):
        if unit == "1":
            if isinstance(quantity, int | float | np.number | np.ndarray) and quantity is not True:
                return quantity
            raise refuse("not-a-number", f"{quote(quantity)} is not a number", "as in 0.41")
        raise refuse(
            "no-unit",
            f"{quote(quantity)} has no unit",
            f"add a unit of {dimension_name(unit)}, as in '{example_of(unit)}', or in Python give "
            "a pint quantity",
        )
    import pint

    pint_quantity = cast("Quantity", quantity)
    try:
        factor, dimensions = measure(cast("list[tuple[str, float]]", pint_quantity.unit_items()))
    except pint.errors.PintError:
        raise refuse(
            "unknown-unit",
            f"{quote(pint_quantity.units)} is not a known unit",
            f"convert to {unit}",
        ) from None
    target, wanted = measure_text(unit)
    if dimensions != wanted:
        raise wrong_dimension(f"{pint_quantity.units}", unit)
    return pint_quantity.magnitude * round_trip(factor / target)


@functools.cache
def _application_unit(unit: str, registry: Any) -> Any:
    text = pint_text(unit).replace("percent_of_administered", "percent")
    text = text.replace("SUV", "gram / milliliter")  # activity per mL over activity per gram
    return registry.parse_units("dimensionless" if unit == "1" else text)


def application_quantity(value: Any, unit: str) -> Quantity:
    """Return a value as a quantity of pint's application registry."""
    import pint

    registry: Any = pint.application_registry
    registry = registry.get()
    if unit.startswith("1e9/"):
        value, unit = value * 1e9, unit.removeprefix("1e9")
    return cast("Quantity", registry.Quantity(value, _application_unit(unit, registry)))


class Door(Protocol[P, R]):
    """A function of quantities that offers its kernel in canonical units as ``kernel``."""

    kernel: Callable[P, R]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the result as a quantity."""


def quantities(*, returns: str, **units: str) -> Callable[[Callable[P, R]], Door[P, R]]:
    """Return a decorator that makes a kernel of plain numbers a function of quantities.

    Parameters
    ----------
    returns : str
        Canonical unit of the result.
    **units : str
        Canonical unit of each parameter that has one; others are passed unchanged.

    Returns
    -------
    callable
        The decorated function takes and returns pint quantities (scalars or arrays) and has the
        bare function as ``.kernel``.

    Raises
    ------
    InputError
        At the call: a bare number, an unknown unit or one of another dimension, a number that is
        not finite. The place is the parameter's name.

    Examples
    --------
    >>> @quantities(activity="MBq", time="h", returns="MBq*h")
    ... def product(activity, time):
    ...     return activity * time
    >>> import pint
    >>> Q = pint.get_application_registry().Quantity
    >>> product(Q(2, "GBq"), Q(1, "day")).magnitude, product.kernel(2000.0, 24.0)
    (48000.0, 48000.0)
    """

    def decorate(kernel: Callable[P, R]) -> Door[P, R]:
        signature = inspect.signature(kernel)

        @functools.wraps(kernel)
        def door(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            for name, unit in units.items():
                if bound.arguments.get(name) is not None:
                    bound.arguments[name] = admit(bound.arguments[name], unit, name)
            return application_quantity(kernel(*bound.args, **bound.kwargs), returns)

        door.kernel = kernel  # type: ignore[attr-defined]  # the cast below declares it
        return cast("Door[P, R]", door)

    return decorate


def admit(quantity: object, unit: str, place: str) -> Any:
    """Return a quantity as finite float or array in a canonical unit; else refuse it at a place."""
    try:
        value = from_quantity(quantity, unit)
    except InputError as error:
        raise error.at(place) from None
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise refuse("not-a-number", "not a real number", "give real numbers", place) from None
    if not np.all(np.isfinite(array)):
        raise refuse("not-finite", "not a finite number", "give finite numbers", place)
    return float(array) if array.ndim == 0 else array
