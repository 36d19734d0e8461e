"""The evidence page shows the values computed now, within tolerance of the published ones."""

import importlib.util
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")


def load(name):
    """Return a script of the folder of the documentation as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


evidence = load("evidence")
OWN = [part for part in evidence.PARTS if not part.extra]  # the others need other codes
MOST = {  # relative
    "Known answers": 0.025,
    "SNMMI patient 4": 0.03,
    "PSMA patient 1": 0.20,
    "Self-dose: ICRP 89 against OpenDose": 0.01,
    "The label's population": 0.15,
}


@pytest.mark.parametrize("part", OWN, ids=lambda part: part.title)
def test_page_equals_the_values_computed_now(part):
    assert evidence.section(part) in PAGE


@pytest.mark.parametrize("part", [p for p in OWN if p.title in MOST], ids=lambda part: part.title)
def test_published_figures_are_met_within_tolerance(part):
    rows = list(part.rows())
    assert rows
    assert max(abs(row.difference) for row in rows) <= MOST[part.title]


def test_page_has_every_part_and_the_count_of_pairs():
    assert all(f"## {part.title}\n" in PAGE for part in evidence.PARTS)
    assert evidence.summary() in PAGE
    assert "Version " in PAGE


def test_every_field_of_the_patient_file_is_described():
    fields = load("hooks").fields()
    assert "### `cycles[]`" in fields
    assert "| `kidney_risk_factors` | list of `hypertension`" in fields
