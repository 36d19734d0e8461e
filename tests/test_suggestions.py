"""Suggestions for mistyped names: never the other side, another organ or a group of organs."""

import pytest

from dosimetry import InputError
from dosimetry.reference import laboratory, regions
from dosimetry.suggestions import typo

LISTED = "all regions: dosimetry tables regions"


def cure_of(name):
    with pytest.raises(InputError) as caught:
        regions.region(name)
    (problem,) = caught.value.problems
    assert problem.code == "unknown-region"
    assert LISTED in problem.cure  # said in any case
    return problem.cure


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *((name, "kidney_left") for name in ("kidney_lft", "kidny_left", "kidneys_left")),
        *((name, "kidney_right") for name in ("kidney_rigth", "Kidney_R_x")),
        *((name, "liver") for name in ("livr", "Liver?", "Livre")),
        ("splen", "spleen"),
    ],
)
def test_certain_name_is_suggested(name, meant):
    assert cure_of(name).startswith(f"nearest: {meant}  (")


@pytest.mark.parametrize(
    "name",
    [
        *("kidney_1", "kidney1", "Kidney_LR", "left_right_kidney", "Liver+Spleen"),
        *("spleen_r", "liver_left", "Liver_Met_1", "zzz", "", "healthy_liver_minus_lesions"),
    ],
)
def test_uncertain_name_gets_no_suggestion(name):
    assert cure_of(name) == LISTED


@pytest.mark.parametrize("name", ["Lesion_", "met", "mets_2", "Lesion_x"])
def test_lesion_gets_the_naming_rule_of_tumours(name):
    assert cure_of(name) == f"tumours are named tumour_1, tumour_2  ({LISTED})"


def test_no_suggestion_swaps_the_side_of_any_region():
    known = [name for name in regions._regions()[0] if "left" in name or "right" in name]
    assert known
    for name in known:
        for written in (name.upper(), name.title(), name.replace("_", " ").title(), name[:-1]):
            try:
                meant = regions.region(written).name
            except InputError as error:
                meant = error.problems[0].cure
            side, other = ("left", "right") if "left" in name else ("right", "left")
            assert other not in meant, (written, side)


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("fmale", ("male", "female"), ""),  # a slip from both
        ("femal", ("male", "female"), "female"),
        ("eosinophils", ("neutrophils", "platelets"), ""),
        ("Lu-176", ("Lu-177", "Y-90"), ""),  # another nuclide is no slip
        ("kidneys-ad-32", ("kidneys-ad-23", "red-marrow-ad-2"), "kidneys-ad-23"),
    ],
)
def test_typo_is_corrected_only_if_one_word_is_near(word, known, meant):
    assert typo(word, known) == meant


def test_an_analyte_is_not_taken_for_another():
    with pytest.raises(InputError, match="known: ") as caught:
        laboratory.analyte("eosinophils")
    assert "nearest" not in caught.value.problems[0].cure
