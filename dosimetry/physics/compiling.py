"""The kernel compiled by numba, where that is installed and the job is large enough to repay it."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import zlib
from types import ModuleType
from typing import Any

from dosimetry.physics import (
    curve_descent,
    curve_grid,
    curve_kernel,
    curve_layout,
    curve_misfit,
)

SOURCES = (curve_layout, curve_misfit, curve_descent, curve_grid, curve_kernel)
OPTIONS: dict[str, Any] = {"error_model": "numpy"}
REPAID = 8192  # curves: below it the interpreter is done before numba is loaded and has compiled


def pays(count: int) -> bool:
    """Tell whether a batch of so many curves repays compiling.

    Examples
    --------
    >>> pays(1)
    False
    """
    return count >= REPAID and importlib.util.find_spec("numba") is not None


@functools.cache
def compiled(rates: int, terms: int, rise: bool, stride: int) -> Any:
    """Return :func:`curve_kernel.fit_rows` compiled for one model.

    Its four numbers are constants of the compiled code: loops over two rates become straight code.
    The code is kept beside the package, or in the user's folder for such things.
    """
    import numba

    for module in SOURCES:
        _make_known(module)
    run = curve_kernel.fit_rows_of(rates, terms, rise, stride, _sources())
    try:
        return numba.njit(cache=True, **OPTIONS)(run)
    except RuntimeError:  # no folder to keep the code in
        return numba.njit(**OPTIONS)(run)


def _sources() -> int:
    """Return a number that changes with the sources of the kernel."""
    return zlib.crc32("".join(map(inspect.getsource, SOURCES)).encode())


@functools.cache
def _make_known(module: ModuleType) -> None:
    """Tell numba of every function of a module as it stands; nothing is written twice."""
    from numba.extending import overload

    for function in list(vars(module).values()):
        if inspect.isfunction(function) and function.__module__ == module.__name__:
            _overload(overload, function)


def _overload(overload: Any, function: Any) -> None:
    @overload(function, jit_options=OPTIONS, strict=False, prefer_literal=True)  # type: ignore[untyped-decorator]
    def implementation(*args: Any, **kwargs: Any) -> Any:
        return function
