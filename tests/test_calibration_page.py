"""The calibration page shows its two tables."""

import importlib.util
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def load(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_calibration_page_equals_its_tables():
    shown = load("calibration_page")
    page = shown.page(shown.table("calibration"), shown.table("continuity"))
    assert (DOCS / "calibration.md").read_text(encoding="utf-8") == page


def test_calibration_page_names_the_seed_and_draws_of_the_script():
    shown, script = load("calibration_page"), load("calibration")
    assert (shown.SEED, shown.DRAWS) == (script.SEED, script.DRAWS)
    assert script.DRAWS >= 2000  # asked of a cell
