"""The plan as a document: bytes, names, digits, provenance, assumptions."""

import functools
import hashlib
import json
import os
import re
import subprocess
import sys

import jsonschema
import pandas as pd
import pytest
from recalculated_plan import ROOT
from sample_patients import EXAMPLES, PSMA, codes, cycle, example, patient, planned, washout

import dosimetry
from dosimetry.schemas import schema_of

pytestmark = pytest.mark.slow  # whole plans and pages

NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))
each_example = pytest.mark.parametrize("name", NAMES)
ESTIMATE = {"value", "sd", "unit"}
SPREAD = {"value", "sd", "p5", "p95", "unit"}
AMOUNT = {"value", "unit"}
PROBLEM = {"code", "place", "message"}
# Keys of each place of the document: the first version, and beside it those added since.
CONTRACT = {
    "": {"schema", "patient", "strategy", "cycles", "cumulative", "flags", "curves",
         "assumptions", "warnings", "provenance"},
    "patient": {"id", "sex"},
    "cycles": {"number", "status", "at", "activity", "regions"},
    "cycles.activity": AMOUNT,
    "cycles.regions": {"region", "absorbed_dose", "bed", "coefficient", "basis"},
    "cycles.regions.absorbed_dose": ESTIMATE,
    "cycles.regions.bed": ESTIMATE,
    "cycles.regions.coefficient": ESTIMATE,
    "cumulative": {"region", "absorbed_dose", "bed"},
    "cumulative.absorbed_dose": SPREAD,
    "cumulative.bed": SPREAD,
    "flags": {"limit", "region", "quantity", "severity", "probability", "value", "limit_value",
              "margin", "margin_activity", "first_cycle", "source"},
    "flags.value": AMOUNT,
    "flags.limit_value": AMOUNT,
    "flags.margin": AMOUNT,
    "flags.margin_activity": AMOUNT,
    "curves": {"cycle", "region", "model", "tia", "effective_half_life", "chi2", "dof",
               "warnings"},
    "curves.tia": ESTIMATE,
    "curves.effective_half_life": AMOUNT,
    "curves.warnings": PROBLEM,
    "warnings": PROBLEM,
    "provenance": {"version", "tables", "inputs"},
}  # fmt: skip
ADDED = {
    "": {
        "therapy",
        "disclaimer",
        "forecast",
        "risk",
        "decision",
        "labs",
        "renal_function",
        "adverse_events",
        "label",
        "calendar",
        "context",
        "grade_bands",
        "options",
        "second_check",
    },
    "options": {
        "max_cycles",
        "max_activity",
        "min_activity",
        "without_cycles",
        "interval",
        "activity",
        "bind",
        "cycles",
        "prior",
        "estimator",
    },
    "second_check": {
        "cycle",
        "region",
        "quantity",
        "by",
        "first",
        "second",
        "difference",
        "tolerance",
        "passed",
    },
    "second_check.first": AMOUNT,
    "second_check.second": AMOUNT,
    "second_check.difference": AMOUNT,
    "second_check.tolerance": AMOUNT,
    "provenance": {"content", "replaced"},
    "grade_bands": {"analyte", "grade", "lower", "upper", "unit"},
    "adverse_events": {"at", "term", "grade", "ends_treatment"},
    "labs": {"at", "analyte", "value", "grade", "term", "change", "baseline"},
    "labs.value": AMOUNT,
    "renal_function": {"at", "creatinine_clearance", "egfr", "change"},
    "renal_function.creatinine_clearance": AMOUNT,
    "renal_function.egfr": AMOUNT,
    "label": {
        "state",
        "next_cycle",
        "answer",
        "activity",
        "earliest",
        "latest",
        "reason",
        "needs",
        "unchecked",
        "transitions",
        "region",
        "version",
        "documents",
        "questions",
        "conditions",
    },
    "label.activity": AMOUNT,
    "label.transitions": {"at", "rule", "state", "reason", "source"},
    "calendar": {"at", "until", "kind", "cycle", "what", "source"},
    "context": {"arm", "quantity", "value", "unit", "n", "source"},
    "decision": {"reason", "limit", "cycle", "probability", "bound_by", "not_bound_by"},
    "cycles.regions": {"contributions", "uncertainty"},
    "cycles.regions.absorbed_dose": {"p5", "p95"},
    "cycles.regions.bed": {"p5", "p95"},
    "cycles.regions.contributions": {"source", "absorbed_dose"},
    "cycles.regions.contributions.absorbed_dose": AMOUNT,
    "cycles.regions.uncertainty": {"cause", "sd"},
    "cycles.regions.uncertainty.sd": AMOUNT,
    "therapy": {"radiopharmaceutical", "regimen", "description", "time_zone"},
    "cycles": {"reason", "decided_by"},
    "cumulative": {"eqd2", "so_far", "earlier"},
    "cumulative.eqd2": SPREAD,
    "cumulative.so_far": {"absorbed_dose", "bed"},
    "cumulative.so_far.absorbed_dose": SPREAD,
    "cumulative.so_far.bed": SPREAD,
    "cumulative.earlier": {"absorbed_dose", "bed"},
    "cumulative.earlier.absorbed_dose": AMOUNT,
    "cumulative.earlier.bed": AMOUNT,
    "curves": {"choice", "p_value", "cross_check", "physical_half_life", "points", "parameters",
               "covariance", "information", "models", "band", "optimum"},
    "curves.information": {"this_cycle", "other_cycles", "population"},
    "curves.models": {"model", "weight"},
    "curves.band": {"time", "p5", "p50", "p95"},
    "curves.band.time": AMOUNT,
    "curves.band.p5": AMOUNT,
    "curves.band.p50": AMOUNT,
    "curves.band.p95": AMOUNT,
    "curves.tia": {"p5", "p50", "p95"},
    "flags": {"basis"},
    "curves.physical_half_life": AMOUNT,
    "curves.points": {"time", "activity"},
    "curves.points.time": AMOUNT,
    "curves.points.activity": ESTIMATE,
    "curves.parameters": {"name", "value", "sd", "unit"},
    "curves.effective_half_life": {"sd"},
    "curves.warnings": {"cure"},
    "warnings": {"cure"},
}  # fmt: skip
BY_NAME = {"provenance.tables", "provenance.inputs"}  # their keys are names of tables and files


@functools.cache
def text(name):
    return dosimetry.plan(example(name)).to_json()


@functools.cache
def document(name):
    return json.loads(text(name))


def places(value, place=""):
    """Yield every mapping of a document with its place, lists left out of it."""
    if isinstance(value, list):
        for item in value:
            yield from places(item, place)
    elif isinstance(value, dict):
        yield place, value
        for key, item in value.items():
            yield from places(item, f"{place}.{key}".lstrip("."))


# --- bytes --------------------------------------------------------------------------------------


@each_example
def test_the_document_is_the_same_twice(name):
    assert dosimetry.plan(example(name)).to_json() == text(name)


ALL = f"""
import dosimetry
for name in {NAMES!r}:
    print(dosimetry.plan(dosimetry.read_patient(f"examples/{{name}}.yaml")).to_json(), end="")
"""


@pytest.mark.slow
@pytest.mark.parametrize("threads", ["1", "2"])
def test_document_does_not_depend_on_process_or_threads(threads):
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": threads}
    environment |= dict.fromkeys(variables, threads)
    done = subprocess.run(
        [sys.executable, "-B", "-c", ALL],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode("utf-8") == "".join(text(name) for name in NAMES)
    assert done.stderr == b""


@each_example
def test_the_document_ends_in_one_newline_and_is_plain_json(name):
    assert text(name).endswith("}\n")
    assert not re.search(r"\bNaN\b|\bInfinity\b", text(name))


# --- names and digits ---------------------------------------------------------------------------


@each_example
def test_names_and_nesting_are_unchanged(name):
    for place, found in places(document(name)):
        if place not in BY_NAME:
            expected = CONTRACT.get(place, set()) | ADDED.get(place, set())
            assert set(found) == expected, place


def test_every_place_of_the_document_is_in_an_example():
    seen = {place for name in NAMES for place, _ in places(document(name))}
    assert seen == {*CONTRACT, *ADDED, *BY_NAME}


@each_example
def test_enumerated_words_and_units_are_unchanged(name):
    found = document(name)
    assert (found["schema"], found["strategy"]) == ("dosimetry/plan/2", "fixed")
    assert {one["status"] for one in found["cycles"]} <= {"delivered", "planned", "withheld"}
    given = [one["activity"] for one in found["cycles"] if one["activity"] is not None]
    assert {activity["unit"] for activity in given} <= {"GBq"}
    regions = [region for one in found["cycles"] for region in one["regions"]]
    assert {region["basis"] for region in regions} <= {
        *("measured", "predicted", "population", "partial")
    }
    assert {region["coefficient"]["unit"] for region in regions} <= {"Gy/GBq"}
    assert {region["absorbed_dose"]["unit"] for region in regions} <= {"Gy"}
    assert bool(regions) == bool(given)
    assert {curve["tia"]["unit"] for curve in found["curves"]} <= {"MBq*h"}
    assert {curve["effective_half_life"]["unit"] for curve in found["curves"]} <= {"h"}
    severities = {flag["severity"] for flag in found["flags"]}
    assert severities <= {"within", "caution", "exceeds", "not-assessed"}
    quantities = {flag["quantity"] for flag in found["flags"]}
    assert quantities <= {"absorbed dose", "biologically effective dose"}
    for flag in found["flags"]:
        assert flag["margin_activity"] is None or flag["margin_activity"]["unit"] == "GBq"


@each_example
def test_sides_have_doses_only_where_measured_separately(name):
    apart = {"kidney_left", "kidney_right"} <= {c["region"] for c in document(name)["curves"]}
    for one in document(name)["cycles"]:
        if one["activity"] is None:
            assert one["regions"] == []
            assert one["reason"]
            continue
        regions = [region["region"] for region in one["regions"]]
        assert regions[0] == "kidneys"
        assert (regions[1:3] == ["kidney_left", "kidney_right"]) == apart
        assert len(set(regions)) == len(regions)


@each_example
def test_floats_have_at_most_twelve_significant_digits(name):
    # the bytes must not depend on the number of threads
    numbers = re.findall(r": (-?[0-9][0-9.e+-]*)", text(name))
    assert len(numbers) > 100
    for number in numbers:
        digits = re.sub(r"e.*|[-.]", "", number).lstrip("0").rstrip("0")
        assert len(digits) <= 12


@each_example
def test_the_document_keeps_to_its_schema(name):
    schema = schema_of("plan")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document(name))


# --- DataFrame ----------------------------------------------------------------------------------


@each_example
def test_frame_has_one_row_per_cycle_and_region(name):
    frame = dosimetry.plan(example(name)).to_frame()
    rows = [(one, region) for one in document(name)["cycles"] for region in one["regions"]]
    assert len(frame) == len(rows)
    assert not frame.duplicated(["cycle", "region"]).any()
    for row, (one, region) in zip(frame.to_dict("records"), rows, strict=True):
        bed = region["bed"] or {"value": None, "sd": None}
        expected = {
            "cycle": one["number"],
            "status": one["status"],
            "at": one["at"],
            "activity [GBq]": one["activity"]["value"],
            "region": region["region"],
            "absorbed_dose [Gy]": region["absorbed_dose"]["value"],
            "absorbed_dose_sd [Gy]": region["absorbed_dose"]["sd"],
            "bed [Gy]": bed["value"],
            "bed_sd [Gy]": bed["sd"],
            "coefficient [Gy/GBq]": region["coefficient"]["value"],
            "coefficient_sd [Gy/GBq]": region["coefficient"]["sd"],
            "basis": region["basis"],
        }
        assert list(row) == list(expected)
        for column, value in expected.items():
            found = None if pd.isna(row[column]) else row[column]
            is_float = isinstance(value, float)
            assert found == (pytest.approx(value, rel=1e-11) if is_float else value)


def test_the_frame_of_a_plan_without_cycles_is_empty():
    frame = planned(regimen="netter-1-control").to_frame()
    assert len(frame) == 0
    assert "absorbed_dose [Gy]" in frame.columns


# --- provenance ---------------------------------------------------------------------------------


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@each_example
def test_every_table_and_every_input_is_named_with_its_hash(name):
    found = document(name)["provenance"]
    tables = {path.stem: sha256(path) for path in (ROOT / "reference_tables").glob("*.csv")}
    tables["datapackage"] = sha256(ROOT / "reference_tables/datapackage.json")  # their units
    assert found["tables"] == tables
    inputs = [EXAMPLES / f"{name}.yaml", *EXAMPLES.glob(f"{name}*.csv")]
    assert found["inputs"] == {path.name: sha256(path) for path in inputs}
    assert found["version"] == dosimetry.__version__


def test_a_patient_from_python_has_no_input_files():
    assert planned().provenance.inputs == {}


# --- assumptions and warnings -------------------------------------------------------------------


def said(plan, *words):
    """Return whether one assumption contains all these words."""
    return any(all(word in line for word in words) for line in plan.assumptions)


def test_the_population_and_its_source_are_named():
    assert said(planned(), "not measured, population data used", "kidneys", "Lutathera")


def test_missing_sd_of_a_scan_point_is_named():
    with_sd, without = (planned(cycle(washout("liver", 4e3, sd=sd))) for sd in ("5 %", None))
    assert said(without, "no sd given for the scan points; 10 % of the curve")
    assert not said(with_sd, "no sd given for the scan points")


def test_density_and_phantom_masses_are_named_where_used():
    by_volume = planned(cycle(washout("liver", 4e3, volume="1.7 L")))
    assert said(by_volume, "liver: mass", "1.05 g/mL")
    assert said(planned(cycle(washout("liver", 4e3))), "liver: mass 1800 g", "male phantom")
    given = planned(cycle(washout("liver", 4e3)), masses={"liver": "1700 g"})
    assert not said(given, "liver: mass")


def test_phantom_masses_that_weight_coefficients_are_named():
    given = {"kidney_left": "0.4 Gy/GBq", "kidney_right": "0.7 Gy/GBq"}
    assert said(planned(cycle(dose_coefficients=given)), "155 g")


@pytest.mark.parametrize(
    ("region", "share"),  # variability_lu177_dotatate.csv; 20 % where it has no row
    [("kidneys", "15 %"), ("red marrow", "30 %"), ("spleen", "20 %"), ("adrenals", "20 %")],
)
def test_the_variation_between_cycles_is_named(region, share):
    assert said(planned(), f"dose per activity varies by {share} (1 sd) between cycles", region)


def test_default_variability_of_another_agent_is_assumed():
    plan = planned(cycle(washout("kidneys", 6e3)), agent=PSMA)
    assert said(plan, "varies by 20 % (1 sd) between cycles: kidneys", "assumption")


def test_table_half_life_without_a_curve_is_named():
    plan = planned(cycle(washout("kidneys", 6e3)))
    assert said(plan, "without a measured curve", "67 h", "spleen", "liver")
    assert not said(plan, "without a measured curve", "kidneys")
    assert said(planned(), "without a measured curve", "51 h", "kidneys")


def test_the_radiobiology_of_each_region_is_named():
    plan = planned(cycle(washout("tumour_1", 500.0)), masses={"tumour_1": "20 g"})
    assert said(plan, "BED of kidneys: alpha/beta 2.6 Gy, repair half-life 2.8 h", "Barone 2005")
    assert said(plan, "BED of tumour 1: alpha/beta 10 Gy, repair half-life 1.5 h")


def test_one_warning_lists_regions_with_generic_alpha_beta():
    plan = dosimetry.plan(example("psma_patient1"))
    (warning,) = [w for w in plan.warnings if w.code == "generic-alpha-beta"]
    of_their_own = {"kidneys", "kidney_left", "kidney_right"}
    for entry in plan.cumulative:
        if entry.bed is not None and entry.region not in of_their_own:
            assert entry.region.replace("_", " ") in warning.message


@pytest.mark.parametrize(
    ("given", "named"), [({}, True), ({"systematic_uncertainty": "5 %"}, False)]
)
def test_missing_systematic_uncertainty_is_named(given, named):
    plan = planned(cycle(washout("liver", 4e3), **given))
    assert said(plan, "no systematic uncertainty given", "cycle 1", "10 %") == named


def test_systematic_uncertainty_of_zero_counts_as_exact():
    plan = planned(cycle(washout("liver", 4e3), systematic_uncertainty="0 %"))
    (liver,) = [entry for entry in plan.cycles[0].regions if entry.region == "liver"]
    assert "systematic" not in [part.cause for part in liver.uncertainty]
    assert said(plan, "cycle 1", "systematic uncertainty of 0 % given", "exact")
    assert not said(plan, "no systematic uncertainty given")


def test_previous_radiation_is_named_with_its_source():
    earlier = {"absorbed_dose": "6 Gy", "bed": "6.8 Gy", "source": "90Y-DOTATOC 2021"}
    assert said(
        planned(prior_doses={"kidneys": earlier}), "6 Gy to the kidneys", "90Y-DOTATOC 2021"
    )


def test_regimen_s_values_age_and_thresholds_are_named():
    plan = planned(cycle(washout("liver", 4e3)))
    assert said(plan, "netter-1", "7.4 GBq x 4", "Strosberg 2017")
    assert said(plan, "S values: ICRP 89 adult male", "OLINDA")
    assert said(plan, "age not given")
    assert said(plan, "CAUTION", "> 0.05", "EXCEEDS", "> 0.5")


def test_unused_s_values_are_not_named():
    plan = planned(cycle(dose_coefficients={"liver": "0.3 Gy/GBq"}))
    assert not said(plan, "S values")


def test_no_assumption_is_listed_twice():
    for name in NAMES:
        found = document(name)["assumptions"]
        assert len(set(found)) == len(found)


def test_agent_without_population_data_is_reported():
    # without population data, regions that were not measured are left out
    plan = dosimetry.plan(example("psma_patient1"))
    assert {region.basis for one in plan.cycles for region in one.regions} == {
        *("measured", "predicted", "partial")
    }
    assert "no-population-figures" in codes(plan.warnings)
    empty = dosimetry.plan(patient(agent=PSMA))
    assert [one.regions for one in empty.cycles] == [()] * 4
    assert empty.cumulative == ()
    assert {flag.severity for flag in empty.flags} == {"not-assessed"}


def test_plan_states_it_is_not_a_medical_device():
    assert "not a medical device" in document("nothing_measured")["disclaimer"]
