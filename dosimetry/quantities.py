"""Quantities at the doors, estimates inside.

Quantities of any pint registry are accepted (:func:`quantities`), unit name by unit name as
:mod:`dosimetry.units` knows them; what goes out belongs to pint's application registry, so that a
host program's quantities and ours meet.
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
        Standard deviation in the same unit; None where it is not known.
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
    """Return a time-integrated activity as text, with its sd where that is known.

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
        None where they are not known.
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

    Unit names are read by our own definitions, each atom with its tagged dimension.

    Raises
    ------
    InputError
        A bare number where a unit is needed, a unit not known, or one of another dimension.

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
            f"write a unit of {dimension_name(unit)}: the text '{example_of(unit)}', or in Python "
            "a pint quantity",
        )
    import pint

    found = cast("Quantity", quantity)
    try:
        factor, dimensions = measure(cast("list[tuple[str, float]]", found.unit_items()))
    except pint.errors.PintError:
        raise refuse(
            "unknown-unit", f"{quote(found.units)} is not a unit known here", f"convert to {unit}"
        ) from None
    target, wanted = measure_text(unit)
    if dimensions != wanted:
        raise wrong_dimension(f"{found.units}", unit)
    return found.magnitude * round_trip(factor / target)


@functools.cache
def _application_unit(unit: str, registry: Any) -> Any:
    text = pint_text(unit).replace("percent_of_administered", "percent")
    return registry.parse_units("dimensionless" if unit == "1" else text)


def application_quantity(value: Any, unit: str) -> Quantity:
    """Make a quantity of pint's application registry."""
    import pint

    registry: Any = pint.application_registry
    registry = registry.get()
    if unit.startswith("1e9/"):
        value, unit = value * 1e9, unit.removeprefix("1e9")
    return cast("Quantity", registry.Quantity(value, _application_unit(unit, registry)))


class Door(Protocol[P, R]):
    """A function of quantities, with its kernel in canonical units beside it."""

    kernel: Callable[P, R]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take quantities, return quantities."""


def quantities(*, returns: str, **units: str) -> Callable[[Callable[P, R]], Door[P, R]]:
    """Put a door of quantities before a kernel of plain numbers.

    Parameters
    ----------
    returns : str
        Canonical unit of the result.
    **units : str
        Canonical unit of each parameter that carries one; others pass as they are.

    Returns
    -------
    callable
        A decorator. The decorated function takes and gives pint quantities (scalars or arrays)
        and has the bare function as ``.kernel``.

    Raises
    ------
    InputError
        At the call: a bare number, a unit not known or of the wrong dimension, a number that is
        not finite; the place is the parameter's name.

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
    """Turn a quantity into finite floats in a canonical unit, or refuse it at its place."""
    try:
        value = from_quantity(quantity, unit)
    except InputError as error:
        raise error.at(place) from None
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise refuse("not-a-number", "not a real number", "give real ones", place) from None
    if not np.all(np.isfinite(array)):
        raise refuse("not-finite", "not a finite number", "give finite ones", place)
    return float(array) if array.ndim == 0 else array
