"""Reference tables: complete, described, licensed, and consistent with each other."""

import csv
import hashlib
import json
import math

import numpy as np
import pytest

from dosimetry.problems import InputError
from dosimetry.reference import limits as limits_figures
from dosimetry.reference import nuclides, phantoms, population, radiobiology, regimens, tables
from dosimetry.reference import regions as regions_figures
from dosimetry.units import conversion

PACKAGE = json.loads((tables.folder() / "datapackage.json").read_text(encoding="utf-8"))
RESOURCES = {resource["name"]: resource for resource in PACKAGE["resources"]}
SEXES = ("male", "female")
OPENDOSE = [f"s_values_lu177_opendose_icrp110_adult_{sex}" for sex in SEXES]
every_table = pytest.mark.parametrize("name", RESOURCES)


def rows_of(name):
    path = tables.folder() / RESOURCES[name]["path"]
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def refusal(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    (problem,) = caught.value.problems
    return problem


def is_known_region(name):
    try:
        regions_figures.region(name)
    except InputError:
        return False
    return True


@every_table
def test_header_equals_the_schema(name):
    fields = [field["name"] for field in RESOURCES[name]["schema"]["fields"]]
    assert rows_of(name)[0] == fields


@every_table
def test_every_row_is_as_wide_as_the_header(name):
    header, *rows = rows_of(name)
    assert rows
    assert {len(row) for row in rows} == {len(header)}


@every_table
def test_every_field_has_a_known_unit(name):
    for field in RESOURCES[name]["schema"]["fields"]:
        unit = field["unit"]
        assert unit in ("text", "1", "row") or conversion(unit, unit) == 1.0
        assert unit != "text" or field["type"] == "string"


@every_table
def test_columns_with_a_unit_hold_numbers_or_are_empty(name):
    table = tables.table(name)
    for row in table.rows:
        for column, unit in table.columns.items():
            if unit not in ("text", "row") and row[column]:
                assert np.isfinite(float(row[column])), (column, row)


@every_table
def test_every_table_has_source_and_licence(name):
    resource = RESOURCES[name]
    assert resource["title"]
    assert all(source["title"] for source in resource["sources"])
    assert resource["sources"]
    assert all(licence["name"] and licence["title"] for licence in resource["licenses"])
    assert resource["licenses"]


@every_table
def test_row_with_its_own_unit_names_a_known_one(name):
    table = tables.table(name)
    if "row" in table.columns.values():
        for row in table.rows:
            assert row["unit"]


@every_table
def test_every_row_has_a_source(name):
    table = tables.table(name)
    assert all(table.source_of(row) for row in table.rows)
    if any("row" in source for source in table.sources):
        assert "source" in table.columns
        assert all(row["source"] for row in table.rows)


def test_files_and_descriptions_match_one_to_one():
    files = {path.name for path in tables.folder().glob("*.csv")}
    assert files == {resource["path"] for resource in RESOURCES.values()}
    assert set(tables.names()) == set(RESOURCES)


def test_hashes_match_the_files():
    hashes = tables.hashes()
    assert set(hashes) == {*RESOURCES, "datapackage"}
    description = (tables.folder() / "datapackage.json").read_bytes()
    assert hashes["datapackage"] == hashlib.sha256(description).hexdigest()  # it holds the units
    for name, resource in RESOURCES.items():
        raw = (tables.folder() / resource["path"]).read_bytes()
        assert hashes[name] == hashlib.sha256(raw).hexdigest() == tables.table(name).sha256


@pytest.mark.parametrize("name", OPENDOSE)
def test_opendose_is_share_alike(name):
    assert [licence["name"] for licence in RESOURCES[name]["licenses"]] == ["CC-BY-SA-4.0"]
    assert any("OpenDose" in source for source in tables.table(name).sources)


def test_only_opendose_is_share_alike():
    shared = [n for n, r in RESOURCES.items() if "CC-BY-SA-4.0" in json.dumps(r["licenses"])]
    assert sorted(shared) == sorted(OPENDOSE)


@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize(
    ("region", "target", "sources"),
    [
        ("kidneys", "RKidney + LKidney", ("kidney left", "kidney right")),
        ("liver", "Liver", ("liver",)),
        ("spleen", "Spleen", ("spleen",)),
    ],
)
def test_self_dose_of_icrp89_agrees_with_opendose(sex, region, target, sources):
    # two independent sets: stylised phantoms (OLINDA 2.2) and voxel phantoms (OpenDose)
    opendose = tables.table(f"s_values_lu177_opendose_icrp110_adult_{sex}")
    found = [
        opendose.number(row, "s_value", "Gy/(MBq*h)")
        for row in opendose.rows
        if row["target"] == target and row["source"] in sources
    ]
    assert len(found) == len(sources)
    ours = phantoms.s_values(sex)[region, region]
    assert ours == pytest.approx(np.mean(found), rel=0.02)


@pytest.mark.parametrize("sex", SEXES)
def test_s_values_are_positive_and_self_dose_is_the_largest(sex):
    s_values = phantoms.s_values(sex)
    assert min(s_values.values()) >= 0
    for target in ("kidneys", "liver", "spleen", "pancreas", "thyroid"):
        rows = {source: value for (t, source), value in s_values.items() if t == target}
        assert max(rows, key=rows.get) == target


def test_kidney_s_value_equals_the_published_value():
    # docs/evidence.md, known answers: 7.76e-5 mGy/(MBq s), kidneys of the adult male
    assert phantoms.s_values("male")["kidneys", "kidneys"] / 3.6 == pytest.approx(7.76e-5)


def test_reference_masses_equal_icrp89():
    # ICRP 89 (2002), as quoted in tables/SOURCES.md
    male, female = phantoms.organ_masses("male"), phantoms.organ_masses("female")
    assert (male["kidneys"], female["kidneys"]) == (310.0, 275.0)
    assert (male["red_marrow"], female["red_marrow"]) == (1170.0, 900.0)
    assert (male["total_body"], female["total_body"]) == (73000.0, 60000.0)
    assert "ovaries" not in male
    assert "testes" not in female


def test_nuclides_equal_icrp107():
    # ICRP 107: 177Lu 6.647 d, 177mLu 160.4 d
    assert nuclides.half_life("Lu-177") == pytest.approx(6.647 * 24, rel=1e-15)
    assert nuclides.half_life("Lu-177m") == pytest.approx(160.4 * 24, rel=1e-15)
    assert nuclides.electron_energy("Lu-177") == pytest.approx(0.147923, abs=5e-7)
    assert nuclides.branching_fraction("Lu-177m", "Lu-177") == 0.217
    assert nuclides.branching_fraction("Lu-177", "Lu-177m") == 0.0


def test_photon_energy_of_lu177_is_35_kev():
    row = next(r for r in tables.table("nuclides").rows if r["nuclide"] == "Lu-177")
    assert float(row["gamma"]) + float(row["x_ray"]) == pytest.approx(0.035098, abs=5e-7)


@pytest.mark.parametrize("kind", ["beta_minus", "conversion_electron", "auger_electron"])
def test_emissions_of_lu177_add_up_to_the_mean_energies(kind):
    # two tables of ICRP 107: line by line, and summed per kind
    words = kind.replace("_electron", "").replace("_", " ").split()[0]
    emitted = sum(
        float(row["energy"]) * float(row["yield"])
        for row in tables.table("emissions_lu177").rows
        if row["nuclide"] == "Lu-177" and words in row["radiation"].lower()
    )
    row = next(r for r in tables.table("nuclides").rows if r["nuclide"] == "Lu-177")
    assert emitted == pytest.approx(float(row[kind]), rel=0.005)


def test_sphere_masses_rise_and_their_s_values_fall():
    masses, s_values = phantoms.sphere_s_values()
    assert len(masses) > 5
    assert np.all(np.diff(masses) > 0)
    assert np.all(np.diff(s_values) < 0)


def test_every_alias_resolves_to_its_region():
    for row in tables.table("regions").rows:
        for spelling in (row["region"], *filter(None, row["aliases"].split(";"))):
            assert regions_figures.region(spelling).name == row["region"]


def test_no_spelling_names_two_regions():
    rows = tables.table("regions").rows
    spellings = [row["region"] for row in rows]
    spellings += [alias for row in rows for alias in filter(None, row["aliases"].split(";"))]
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("left_kidney", "kidney_left"),
        ("kidney_right", "kidney_right"),
        ("bladder", "urinary_bladder"),
        ("whole_body", "total_body"),
        ("bone_marrow", "red_marrow"),
        ("tumor", "tumour"),
        ("tumor_2", "tumour_2"),
        ("tumour_liver", "tumour_liver"),
    ],
)
def test_usual_spellings_are_understood(spelling, name):
    assert regions_figures.region(spelling).name == name


def test_every_source_of_a_measurable_region_has_s_values():
    sources = {source for sex in SEXES for _, source in phantoms.s_values(sex)}
    for row in tables.table("regions").rows:
        assert set(regions_figures.region(row["region"]).sources) <= sources


@pytest.mark.parametrize("role", ["organ", "kidney", "contents"])
def test_every_target_of_a_measurable_region_has_s_values(role):
    targets = {target for sex in SEXES for target, _ in phantoms.s_values(sex)}
    regions = [regions_figures.region(row["region"]) for row in tables.table("regions").rows]
    for region in regions:
        if region.role == role:
            assert {"kidneys"} if role == "kidney" else set(region.targets) <= targets


@pytest.mark.parametrize("sex", SEXES)
def test_every_source_has_an_s_value_to_every_target(sex):
    s_values = phantoms.s_values(sex)
    targets, sources = ({pair[i] for pair in s_values} for i in (0, 1))
    assert [(t, s) for t in targets for s in sources if (t, s) not in s_values] == []


@pytest.mark.parametrize("sex", SEXES)
def test_every_region_of_the_s_values_is_known(sex):
    as_source = {
        source for row in tables.table("regions").rows for source in row["source"].split(";")
    }
    for target, source in phantoms.s_values(sex):
        assert is_known_region(target)
        assert is_known_region(source) or source in as_source


@pytest.mark.parametrize("sex", SEXES)
def test_every_mass_belongs_to_a_known_region_or_blood(sex):
    # blood is not a region of a scan: the patient file has samples under `blood`
    unknown = [name for name in phantoms.organ_masses(sex) if not is_known_region(name)]
    assert unknown == ["blood"]


@pytest.mark.parametrize("sex", SEXES)
def test_every_region_with_self_dose_has_a_mass(sex):
    masses = phantoms.organ_masses(sex)
    for target, source in phantoms.s_values(sex):
        if target == source and is_known_region(target):
            assert masses[target] > 0


@pytest.mark.parametrize(
    "name",
    [
        "population_coefficients_lu177_dotatate",
        "effective_half_lives_lu177_dotatate",
        "variability_lu177_dotatate",
        "dose_by_renal_function_lu177_dotatate",
        "limits",
    ],
)
def test_every_region_of_the_clinical_tables_is_known(name):
    for row in tables.table(name).rows:
        assert regions_figures.region(row["region"]).name == row["region"]


def test_radiobiology_names_known_regions_and_a_generic_one():
    names = {row["region"] for row in tables.table("radiobiology").rows}
    assert "generic" in names
    assert all(is_known_region(name) for name in names - {"generic"})
    kidneys = radiobiology.radiobiology("kidneys")
    # Barone 2005: T_rep 2.8 h, alpha/beta 2.6 Gy
    assert (kidneys.alpha_beta, kidneys.repair_half_life, kidneys.generic) == (2.6, 2.8, False)
    assert radiobiology.radiobiology("liver").generic


def test_kidney_population_coefficient_equals_the_label():
    # Lutathera US prescribing information: 0.654 (0.295) Gy/GBq, 19.4 Gy at 29.6 GBq
    kidneys = population.population_coefficients()["kidneys"]
    assert (kidneys.value, kidneys.sd, kidneys.unit) == (0.654, 0.295, "Gy/GBq")
    for row in tables.table("population_coefficients_lu177_dotatate").rows:
        assert float(row["mean"]) * 29.6 == pytest.approx(float(row["mean_course"]), abs=0.15)


def test_dose_by_renal_function_equals_the_publication():
    # Sood 2026: base, exponent and its rse; design: the residual of a course split between cycles
    kidneys, marrow = (population.renal_doses()[name] for name in ("kidneys", "red_marrow"))
    assert (kidneys.median_dose, kidneys.exponent, kidneys.exponent_sd) == pytest.approx(
        (4.3, -0.552, 0.552 * 0.373)
    )
    assert (marrow.median_dose, marrow.exponent, marrow.exponent_sd) == pytest.approx(
        (0.246, -1.11, 1.11 * 0.244)
    )
    for dose, course_sd, cv in ((kidneys, 0.40, 0.15), (marrow, 0.49, 0.30)):
        between = math.log1p(cv**2)
        # four cycles: s0^2 + omega^2/4; their median is exp(3/8 omega^2) above four medians
        assert math.hypot(dose.between_patients, math.sqrt(between / 4)) == pytest.approx(
            course_sd, abs=0.003
        )
        assert -dose.shift == pytest.approx(3 / 8 * between, abs=0.0004)


def test_tumour_trend_equals_roth_2022():
    trends = [population.tumour_trend(grade)[0] for grade in (1, 2, 3, None)]
    assert trends == pytest.approx([-0.06, -0.14, -0.10, -0.10])


def test_missing_half_life_and_variability_fall_back():
    assert population.effective_half_life("kidneys")[:2] == (51.0, 0.20)
    assert population.effective_half_life("thyroid") is None
    assert population.between_cycle_cv("kidneys")[0] == 0.15
    # 0.20 where the table has no row
    cv, source = population.between_cycle_cv("thyroid")
    assert cv == 0.20
    assert "assumption" in source


def test_netter1_is_four_times_7_4_gbq_every_eight_weeks():
    regimen = regimens.regimen("netter-1")
    assert (regimen.activity, regimen.cycles, regimen.interval) == (7400.0, 4, 1344.0)
    assert regimen.dose is None
    control = regimens.regimen("netter-1-control")
    assert (control.activity, control.dose, control.cycles) == (None, 60.0, None)


def test_default_is_returned_with_its_source():
    # Sgouros 1993: extracellular fluid fraction of red marrow
    assert tables.default("marrow_extracellular_fraction", "1") == 0.19
    assert tables.default("marrow_extracellular_fraction", "%") == pytest.approx(19.0)
    assert tables.default_source("marrow_extracellular_fraction") == "Sgouros 1993"


def test_limits_are_returned_in_gray():
    limits = [limits_figures.limit(row) for row in limits_figures.limit_rows()]
    assert {limit.id: limit.value for limit in limits}["kidneys-ad-23"] == 23.0
    assert {limit.quantity for limit in limits} == {"absorbed dose", "biologically effective dose"}


@pytest.mark.parametrize(
    ("call", "wrong", "code", "nearest"),
    [
        (tables.table, "limit", "unknown-table", "limits"),
        (regions_figures.region, "kidny_left", "unknown-region", "kidney_left"),
        (nuclides.half_life, "Lu177", "unknown-nuclide", "Lu-177"),
        (nuclides.electron_energy, "Y90", "unknown-nuclide", "Y-90"),
        (regimens.regimen, "netter1", "unknown-regimen", "netter-1"),
    ],
)
def test_an_unknown_name_gets_the_nearest_known_one(call, wrong, code, nearest):
    problem = refusal(call, wrong)
    assert problem.code == code
    assert wrong in problem.message
    assert nearest in problem.cure


@pytest.mark.parametrize("wrong", ["tumour_", "tumour_2;x", "tumourous", "zzz", ""])
def test_unknown_region_is_refused(wrong):
    assert refusal(regions_figures.region, wrong).code == "unknown-region"
