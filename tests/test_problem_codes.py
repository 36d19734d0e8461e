"""The page of problems explains every code of the source, and nothing else."""

import ast
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SPEC = importlib.util.spec_from_file_location("problem_page", ROOT / "docs" / "problems.py")
PAGE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(PAGE)
ROWS, CALLS = PAGE.rows(), PAGE.calls()
LONGEST = 260  # characters of an explanation


def test_every_code_has_a_row_and_every_row_a_code():
    assert set(ROWS) == set(CALLS)


@pytest.mark.parametrize("column", ["meaning", "why", "what_to_do"])
def test_every_explanation_is_a_short_sentence(column):
    for code, row in ROWS.items():
        text = row[column]
        assert text[:1].isupper() or text.startswith("`"), code
        assert text.endswith((".", "`.")), code
        assert len(text) <= LONGEST, code


def test_effect_fits_the_calls():
    for code, row in ROWS.items():
        effects = row["effect"].split(";")
        assert set(effects) <= set(PAGE.EFFECTS), code
        assert "refused" in effects or not any(call.refuses for call in CALLS[code]), code


def test_page_has_an_entry_with_filled_numbers_for_every_code():
    text = PAGE.on_page_markdown((ROOT / "docs" / "problems.md").read_text(encoding="utf-8"))
    for code in CALLS:
        assert text.count(f"### `{code}`\n") == 1
    assert "{" not in text
    assert "less than 6 weeks apart" in text
    assert "“regimen … is not known”" in text


def test_code_without_a_row_is_refused(monkeypatch):
    left = {code: row for code, row in ROWS.items() if code != "no-mass"}
    monkeypatch.setattr(PAGE, "rows", lambda: left)
    with pytest.raises(ValueError, match=r"add \['no-mass'\], remove \[\]"):
        PAGE.entries()


def test_code_that_is_not_a_literal_is_refused(monkeypatch, tmp_path):
    (tmp_path / "dosimetry").mkdir()
    (tmp_path / "dosimetry" / "a.py").write_text('refuse(f"{kind}-changed", "it")\n')
    monkeypatch.setattr(PAGE, "ROOT", tmp_path)
    with pytest.raises(ValueError, match=r"a\.py:1: write the code"):
        PAGE.calls()


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        ('f"{name} is " "not known"', ["… is not known"]),
        ('"one" if ok else f"two {n:g}"', ["one", "two …"]),
        ('"a " + "; ".join(found)', ["a …"]),
    ],
)
def test_message_template_marks_what_is_filled_in(expression, texts):
    assert PAGE.alternatives(ast.parse(expression, mode="eval").body) == texts


def test_page_is_linked():
    assert "problems.md" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "](problems.md)" in (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
