"""Compilation happens only for large batches and never on the way to a plan."""

import subprocess
import sys

import pytest

from dosimetry.physics.curve_search import compiling

pytestmark = pytest.mark.slow

PROGRAM = """
import sys
import dosimetry
dosimetry.plan(dosimetry.read_patient("examples/snmmi_patient4.yaml"))
print(sorted({"numba", "pyarrow", "distributed"} & set(sys.modules)))  # dask: pint loads it
"""


def test_a_plan_loads_neither_compiler_nor_cluster():
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(("count", "worth"), [(1, False), (1000, False), (100_000, True)])
def test_only_a_large_batch_is_compiled(count, worth):
    pytest.importorskip("numba")
    assert compiling.repays_compiling(count) == worth


def test_without_numba_no_batch_is_compiled(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)  # as Python marks what is not installed
    assert not compiling.repays_compiling(100_000)
