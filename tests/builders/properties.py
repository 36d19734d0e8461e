"""Register of the public functions of physics and of those with a property test.

A test that claims a function and does not call it fails, so names alone cannot fill the register.
"""

import functools
import importlib
import inspect
import pkgutil
import sys

import pytest
from hypothesis import settings

from dosimetry import physics

EXAMPLES = settings(deadline=None, derandomize=True, max_examples=40)
FEW = settings(EXAMPLES, max_examples=15)  # where one example takes milliseconds
CLAIMED = set()  # code of the functions that a test has a property of


def code_of(function):
    """Return the code that runs when a function, a method or a property of a class is used."""
    if isinstance(function, property):
        function = function.fget
    elif isinstance(function, functools.cached_property):
        function = function.func
    return inspect.unwrap(function).__code__


def is_function(thing):
    return inspect.isfunction(inspect.unwrap(thing)) if callable(thing) else False


def public_functions():
    """Return the code of every public function, method and property of physics by its name."""
    found = {}
    for module in pkgutil.walk_packages(physics.__path__, f"{physics.__name__}."):
        for name, thing in vars(importlib.import_module(module.name)).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != module.name:
                continue
            place = f"{module.name.removeprefix(physics.__name__ + '.')}.{name}"
            if is_function(thing):
                found[place] = code_of(thing)
            elif inspect.isclass(thing):
                found |= {f"{place}.{key}": code_of(one) for key, one in methods(thing)}
    return found


def methods(thing):
    for key, one in vars(thing).items():
        kept = is_function(one) or isinstance(one, property | functools.cached_property)
        if kept and not key.startswith("_"):
            yield key, one


def property_of(*functions):
    """Claim that a test states a property of functions; it fails unless it calls all of them."""
    claimed = {code_of(function): function for function in functions}
    CLAIMED.update(claimed)

    def decorate(test):
        waiting = dict(claimed)

        def see(frame, _event, _argument):
            waiting.pop(frame.f_code, None)
            if not waiting:
                sys.setprofile(None)

        @functools.wraps(test)
        def watched(*args, **kwargs):
            sys.setprofile(see if waiting else None)
            try:
                test(*args, **kwargs)
            finally:
                sys.setprofile(None)
            assert not waiting, f"claimed, but not called: {list(waiting.values())}"

        return watched

    return decorate


def property_of_each(functions):
    """Run a test for each of several functions, which it is given as ``function`` and calls."""
    CLAIMED.update(code_of(function) for function in functions)
    names = [code_of(one).co_qualname for one in functions]
    return pytest.mark.parametrize("function", list(functions), ids=names)
