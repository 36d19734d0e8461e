"""Names of regions as clinics and segmentation tools write them.

The names are those of rt-utils, of PyTheranostics' masks and of TotalSegmentator's class map; their
meaning was assigned by hand, independently of table ``region_names``.
"""

import itertools
import re

import pytest

from dosimetry import InputError
from dosimetry.cycle.curves_of_file import fit_file
from dosimetry.cycle.fit_options import FitOptions
from dosimetry.reference import regions, tables

ROWS = tables.table("region_names").rows
READ = {
    "kidney_left": (
        *("Left Kidney", "Kidney_L", "KIDNEY_LEFT", "kidneyL", "L Kidney", "L_Kidney", "LKidney"),
        *("kidneyl", "LEFTKIDNEY", "kidney-left", "Kidney Lt", "Kidney (left)", "Kidney L."),
        *("Kidney_L_m", "Niere links", "linke Niere", "rein gauche", "vänster njure"),
    ),
    "kidney_right": (
        *("Right Kidney", "Kidney_R", "KIDNEY_RIGHT", "kidneyR", "R Kidney", "RightKidney"),
        *("rt_kidney", "Kidney_R_a", "Niere rechts", "rein droit", "höger njure"),
    ),
    "kidneys": ("Kidneys", "KIDNEYS", "Nieren", "reins", "njurar"),
    "liver": ("Liver", "LIVER", "Leber", "foie", "lever"),
    "spleen": ("Spleen", "Milz", "MJÄLTE", "mja\u0308lte"),  # the last with a combining sign
    "total_body": ("TotalBody", "Whole Body", "whole-body", "WB", "WBCT", "Ganzkörper"),
    "remainder_of_body": ("RemainderOfBody", "Rest of Body", "ROB"),
    "urinary_bladder": ("Bladder", "Urinary_Bladder", "Bladder, urinary", "Harnblase"),
    "left_colon": ("colon_left", "Colon_L"),
    "gallbladder": ("Gallbladder", "gall bladder"),
    "red_marrow": ("Red Marrow", "BoneMarrow", "Knochenmark"),
    "small_intestine": ("small_bowel", "Small bowel"),
    "heart_wall": ("heart_myocardium", "Myocardium"),
    "thyroid": ("thyroid_gland",),
    "tumour": ("Tumor", "lesion"),
    "tumour_1": ("Tumour_1", "TUMOR-1", "tumor 1", "Tumor1", "Lesion_1", "Läsion 1", "tumeur 1"),
    "tumour_2": ("Lesion 2", "lesion #2", "met2", "Metastasis_2"),
    "tumour_3": ("met_3", "Met 3"),
    "tumour_liver": ("Tumor_Liver", "tumour-liver"),
}
# What each refusal must name: both readings.
REFUSED = {
    "kidney": ("kidney_left", "kidneys"),
    "Niere": ("kidney_right", "kidneys"),
    "kidney_cortex": ("cortex", "kidneys"),
    "kidney_cyst_left": ("cyst", "kidney_left"),
    "adrenal_gland_left": ("one", "adrenals"),
    "Left adrenal": ("one", "adrenals"),
    "adrenal": ("one", "adrenals"),
    "testis": ("one", "testes"),
    "Lung_L": ("one", "lungs"),
    "lung_upper_lobe_left": ("lobe", "lungs"),
    "lung_middle_lobe_right": ("lobe", "lungs"),
    "heart": ("heart_wall", "heart_contents"),
    "HEART": ("heart_wall", "heart_contents"),
    "Herz": ("heart_wall", "heart_contents"),
    "Blood": ("blood of a cycle", "heart_contents"),
    "blood": ("blood of a cycle", "heart_contents"),
    "plasma": ("plasma", "blood of a cycle"),
    "vertebrae_L3": ("red_marrow", "trabecular_bone"),
    "rib_left_1": ("red_marrow", "cortical_bone"),
    "Skeleton": ("red_marrow", "trabecular_bone"),
    "L3": ("red_marrow", "tumour_3"),
    "T1": ("red_marrow", "tumour_1"),
    "bowel": ("small_intestine", "colon"),
    "body": ("trunk", "total_body"),
    "parotid": ("parotid_left", "parotid_right", "salivary_glands"),
    "Blase": ("urinary_bladder", "gallbladder"),
    "rate": ("spleen", "rate"),
    "duodenum": ("part", "small_intestine"),
    "aorta": ("blood of a cycle", "remainder_of_body"),
    "gluteus_maximus_right": ("muscle", "remainder_of_body"),
    "breast": ("one breast", "breasts"),
    "Lesions": ("several", "tumour_1"),
    "TotalTumorBurden": ("all tumours", "tumour_1"),
    "tumour_total": ("several", "tumour_1"),
    "tumour_background": ("one tumour", "several"),
    "tumour_free_liver": ("without", "with them"),
    "Healthy liver": ("without", "with them"),
}


@pytest.mark.parametrize(
    ("written", "name"), [(written, name) for name, many in READ.items() for written in many]
)
def test_name_of_a_clinic_is_read(written, name):
    assert regions.region(written).name == name


@pytest.mark.parametrize("written", REFUSED)
def test_name_of_several_regions_is_refused_with_all(written):
    with pytest.raises(InputError) as caught:
        regions.region(written)
    (problem,) = caught.value.problems
    assert problem.code == "ambiguous-region"
    assert all(words in problem.message for words in REFUSED[written])


@pytest.mark.parametrize("written", ["Kidney_L", "LIVER", "Tumor 1", "Bladder", "whole-body"])
def test_case_and_blanks_alone_are_no_other_name(written):
    assert not regions.reading(written).renamed


@pytest.mark.parametrize("written", ["Lesion_1", "Leber", "testicles", "Kidney_L_m"])
def test_another_name_is_said_to_be_another(written):
    assert regions.reading(written).renamed


def test_no_spelling_changes_the_side_of_a_region():
    for row in (*tables.table("regions").rows, *ROWS):
        name = row.get("name", row["region"]).replace("#", "7")
        side = set(re.findall("left|right", name.lower()))
        for written in (name.upper(), name.title(), name.replace("_", " "), name.replace("_", "-")):
            read = regions.reading(written)
            assert set(re.findall("left|right", read.region)) <= side or not side, written


def test_every_row_is_read_as_it_stands():
    for row in ROWS:
        name = row["name"].replace("#", "7")
        read = regions.reading(name)
        assert read.region == row["region"].replace("#", "7"), name
        assert bool(read.region) != bool(row["reason"]), name
        assert not read.region or regions.region(name).name == read.region


def test_class_map_of_totalsegmentator_is_complete():
    # 117 classes of task total (version 2); of the 50 of total_mr, four are others
    total = [row for row in ROWS if "TotalSegmentator total;" in f"{row['source']};"]
    magnetic = [row for row in ROWS if "total_mr" in row["source"]]
    assert len(total) == 117
    assert {row["name"] for row in magnetic} == {
        *("lung_left", "lung_right", "vertebrae", "intervertebral_discs")
    }


@pytest.mark.parametrize(
    "written", [("Lesion_1", "Tumour_1"), ("met 1", "lesion-1"), ("tumour_2", "liver", "Met2")]
)
def test_two_names_for_one_tumour_are_refused(written):
    with pytest.raises(InputError) as caught:
        regions.refuse_one_tumour_of_two_names(written)
    (problem,) = caught.value.problems
    assert problem.code == "tumour-of-two-names"
    assert all(name in problem.message for name in written if name != "liver")


def test_spellings_of_one_tumour_name_are_one_tumour():
    regions.refuse_one_tumour_of_two_names(["Tumor_1", "tumour 1", "TUMOUR-1", "Lesion_2"])


def test_two_names_may_be_chosen_for_one_tumour():
    chosen = {"Lesion_1": "tumour_1", "Tumour_1": "tumour_1"}
    regions.refuse_one_tumour_of_two_names(chosen, chosen)


def test_curve_of_a_segmentation_table_has_the_region(tmp_path):
    cells = [("Kidney_L", 94.6), ("LIVER", 80.0), ("Lesion_1", 40.0)]
    rows = [
        f"{name},{time},{activity * factor}"
        for (name, activity), (time, factor) in itertools.product(
            cells, ((4, 1.0), (24, 0.76), (72, 0.39))
        )
    ]
    text = "\n".join(("region,time [h],activity [MBq]", *rows, ""))
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    document = fit_file(tmp_path / "c.csv", FitOptions("7 GBq", models=()))
    assert {curve.region for curve in document.curves} == {"kidney_left", "liver", "tumour_1"}
