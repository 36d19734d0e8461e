"""Compilation of the search by numba, where installed and repaid by the size of the batch."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import zlib
from types import ModuleType
from typing import Any

from dosimetry.physics.curve_search import descent, grid, kernel, layout, misfit

KERNEL_MODULES = (layout, misfit, descent, grid, kernel)
JIT_OPTIONS: dict[str, Any] = {"error_model": "numpy"}
LEAST_CURVES = 8192  # below it the interpreter ends before numba is loaded and has compiled


def repays_compiling(count: int) -> bool:
    """Return whether a batch of ``count`` curves repays compiling, and numba is installed.

    Examples
    --------
    >>> repays_compiling(1)
    False
    """
    return count >= LEAST_CURVES and importlib.util.find_spec("numba") is not None


@functools.cache
def compiled_kernel(n_rates: int, n_terms: int, uptake: bool, stride: int) -> Any:
    """Return :func:`kernel.fit_curves` compiled for one model.

    The compiled code is kept beside the package, or in the user's cache folder.
    """
    # The model's four numbers are constants of the compiled code, so that its loops are unrolled.
    import numba

    for module in KERNEL_MODULES:
        _register_with_numba(module)
    run = kernel.model_kernel(n_rates, n_terms, uptake, stride, _source_checksum())
    try:
        return numba.njit(cache=True, **JIT_OPTIONS)(run)
    except RuntimeError:  # no writable folder for the cache
        return numba.njit(**JIT_OPTIONS)(run)


def _source_checksum() -> int:
    """Return the CRC-32 of the sources of the kernel, by which the cache is recognised."""
    return zlib.crc32("".join(map(inspect.getsource, KERNEL_MODULES)).encode())


@functools.cache
def _register_with_numba(module: ModuleType) -> None:
    """Register every function of a module as its own numba implementation."""
    from numba.extending import overload

    for function in list(vars(module).values()):
        if inspect.isfunction(function) and function.__module__ == module.__name__:
            _overload(overload, function)


def _overload(overload: Any, function: Any) -> None:
    @overload(function, jit_options=JIT_OPTIONS, strict=False, prefer_literal=True)  # type: ignore[untyped-decorator]
    def implementation(*args: Any, **kwargs: Any) -> Any:
        return function
