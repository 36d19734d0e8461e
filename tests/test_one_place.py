"""Facts that only one place of the code states."""

import ast
from collections.abc import Iterator
from pathlib import Path

import dosimetry
from dosimetry.patient import examples, kidneys, schema
from dosimetry.recalculation import dose, sources
from dosimetry.reference import tables

EXAMPLE = examples.__file__  # the commented patient file that "dosimetry init" writes
TREES = {
    str(path): ast.parse(path.read_text(encoding="utf-8"))
    for path in Path(dosimetry.__file__).parent.rglob("*.py")
}


def texts_of(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of a file's code, without docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if text and id(node) not in docstrings:
            yield node.value


TEXTS = {file: list(texts_of(tree)) for file, tree in TREES.items()}


def files_that_say(word):
    return {file for file, texts in TEXTS.items() if any(word in text for text in texts)}


def test_code_names_no_agent_of_the_table():
    for row in tables.table("agents").rows:
        assert files_that_say(row["agent"]) == {EXAMPLE}


def test_one_file_names_the_sides_of_the_kidneys():
    # the recalculation repeats facts of the first calculation on purpose
    for side in ("kidney_left", "kidney_right"):
        named = {file for file, texts in TEXTS.items() if side in texts}
        assert named == {kidneys.__file__, dose.__file__}


def test_one_file_names_the_risk_factor_of_a_solitary_kidney():
    named = files_that_say("single_kidney")
    assert named == {schema.__file__, dose.__file__, EXAMPLE}


def test_only_the_recalculation_has_a_marrow_fraction_of_its_own():
    # 0.19 of Sgouros 1993: else of table defaults
    holding = {
        file
        for file, tree in TREES.items()
        if any(isinstance(node, ast.Constant) and node.value == 0.19 for node in ast.walk(tree))
    }
    assert holding == {sources.__file__}


def number_in(node):
    """Return the number that a node of the code is; None where it is something else."""
    held = node.value if isinstance(node, ast.Constant) else None
    return held if isinstance(held, int | float) and not isinstance(held, bool) else None


def converts(node):
    """Return whether a node multiplies with or divides by a factor between two units."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult | ast.Div):
        return False
    if isinstance(node.op, ast.Div) and number_in(node.right) == 100:
        return True  # times 100 is not: so a share is shown in %
    return bool({number_in(node.left), number_in(node.right)} & {1000, 0.001, 24, 168, 3600})


def test_no_unit_is_converted_by_a_bare_number():
    # the factors have names, in dosimetry/units.py
    by_hand = {
        f"{file}: {ast.unparse(node)}"
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if converts(node)
    }
    assert by_hand == set()
