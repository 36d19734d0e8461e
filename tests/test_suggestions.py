"""Suggestions for mistyped names: never the other side, another organ or a group of organs.

The names are those of rt-utils issue 44, of PyTheranostics' masks and of TotalSegmentator's class
map; their meaning was assigned by hand.
"""

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
        *((name, "kidney_left") for name in ("Kidney_L", "kidneyL", "L_Kidney", "KIDNEY_LEFT")),
        *((name, "kidney_left") for name in ("Left Kidney", "Kidney_L_m", "LKidney", "kidneyl")),
        *((name, "kidney_left") for name in ("LEFTKIDNEY", "kidney_lft", "kidny_left")),
        *((name, "kidney_left") for name in ("kidneys_left", "kidney-left", "Kidney Lt")),
        *((name, "kidney_right") for name in ("Kidney_R", "kidneyR", "R_Kidney", "Right Kidney")),
        *((name, "kidney_right") for name in ("RightKidney", "kidney_rigth", "rt_kidney")),
        *((name, "left_colon") for name in ("colon_left", "Colon_L")),
        *((name, "kidneys") for name in ("Kidneys", "KIDNEYS")),
        *((name, "liver") for name in ("Liver", "LIVER", "livr")),
        *((name, "spleen") for name in ("Spleen", "splen")),
        *((name, "total_body") for name in ("TotalBody", "Whole Body", "whole-body")),
        *((name, "remainder_of_body") for name in ("RemainderOfBody", "Rest of Body")),
        *((name, "urinary_bladder") for name in ("Bladder", "Urinary_Bladder")),
        ("gall bladder", "gallbladder"),
        ("Red Marrow", "red_marrow"),
        *((name, "tumour_1") for name in ("Tumour_1", "TUMOR-1", "tumor 1")),
        ("Tumor_Liver", "tumour_liver"),
    ],
)
def test_certain_name_is_suggested(name, meant):
    assert cure_of(name).startswith(f"nearest: {meant}  (")


@pytest.mark.parametrize(
    "name",
    [
        *("kidney", "kidney_cortex", "kidney_1", "kidney1", "Kidney_LR", "left_right_kidney"),
        *("kidney_cyst_left", "kidney_cyst_right", "adrenal_gland_right", "adrenal_gland_left"),
        *("heart", "HEART", "atrial_appendage_left", "aorta", "duodenum", "trachea", "sacrum"),
        *("lung_upper_lobe_left", "lung_lower_lobe_right", "lung_middle_lobe_right", "Lung_L"),
        *("vertebrae_L3", "vertebrae_T12", "rib_left_1", "hip_left", "scapula_right", "skull"),
        *("portal_vein_and_splenic_vein", "inferior_vena_cava", "iliac_artery_left"),
        *("autochthon_left", "gluteus_maximus_right", "femur_left", "costal_cartilages"),
        *("Blood", "blood", "plasma", "bone", "body", "bowel", "parotids"),
        *("adrenal", "testis", "ovary", "salivary_gland", "lung_l", "spleen_r", "liver_left"),
        *("Liver_Met_1", "liver_without_tumour", "healthy_liver_minus_lesions", "zzz", ""),
    ],
)
def test_uncertain_name_gets_no_suggestion(name):
    assert cure_of(name) == LISTED


@pytest.mark.parametrize("name", ["Lesion_1", "lesion", "met3", "Metastasis_2"])
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
