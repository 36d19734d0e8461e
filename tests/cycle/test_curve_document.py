"""Curves of a measurement file: one result for each region, or all problems."""

import io
import json

import pytest
from rich.console import Console
from sample_patients import EXAMPLES, patient

from dosimetry import InputError
from dosimetry.cycle.curves_of_file import fit_file
from dosimetry.cycle.fit_options import FitOptions
from dosimetry.physics.fitting import fit_points
from dosimetry.planning.compare import limits
from dosimetry.report.terminal.curves import show_curves

SNMMI = EXAMPLES / "snmmi_patient4.csv"
GIVEN = "7.21 GBq"


def refused(path, *arguments, **named):
    with pytest.raises(InputError) as caught:
        fit_file(path, FitOptions(*arguments, **named))
    return [(problem.code, problem.place) for problem in caught.value.problems]


def test_every_region_is_fitted_with_the_requested_model():
    found = fit_file(SNMMI, FitOptions(GIVEN, models=["mono", "kidney_left=uptake"]))
    models = {curve.region: (curve.model, curve.choice) for curve in found.curves}
    assert models["kidney_left"] == ("uptake", "requested")
    assert {model for region, model in models.items() if region != "kidney_left"} == {
        ("mono", "requested")
    }


def test_the_document_of_curves_repeats_to_the_byte():
    one, other = (fit_file(SNMMI, FitOptions(GIVEN)).to_json() for _ in range(2))
    assert one == other
    left = json.loads(one)["curves"][0]
    # docs/evidence.md, SNMMI patient 4: kidney_left by uptake, 7593.755 MBq h
    assert (left["region"], left["cycle"]) == ("kidney_left", 1)
    assert left["tia_coefficient"]["value"] == pytest.approx(left["tia"]["value"] / 7210, rel=1e-6)


@pytest.mark.parametrize("given", ["0 GBq", "-7.21 GBq"])
def test_administered_activity_of_zero_is_refused(given):
    assert refused(SNMMI, given) == [("not-positive", "--administered")]


def test_absorbed_dose_is_refused_as_administered_activity():
    assert refused(SNMMI, "7.21 Gy") == [("wrong-dimension", "--administered")]


def test_model_for_an_absent_region_is_refused():
    assert refused(SNMMI, GIVEN, models=["spleen=mono"]) == [("model-without-curve", "--model")]


def test_every_region_without_a_fit_is_named(tmp_path):
    file = tmp_path / "c.csv"
    rows = "".join(f"{r},{t},{a}\n" for r in ("liver", "spleen") for t, a in ((4, 80), (24, 60)))
    file.write_text(f"region,time [h],activity [MBq]\n{rows}", encoding="utf-8")
    found = refused(file, GIVEN, models=["bi"])
    assert found == [("too-few-points", "c.csv: region")] * 2


@pytest.mark.parametrize(
    ("named", "code", "place"),
    [
        ({"estimator": "posterior", "bootstrap": 100}, "bootstrap-not-used", "--bootstrap"),
        ({"estimator": "bayes"}, "unknown-estimator", "--estimator"),
        ({"prior": "kidneys"}, "prior-not-used", "--prior"),
        ({"estimator": "posterior", "prior": "kidnies"}, "unknown-region", "--prior"),
    ],
)
def test_options_that_exclude_each_other_are_refused(named, code, place):
    assert refused(SNMMI, GIVEN, **named) == [(code, place)]


SCANS = "region,time [h],activity [MBq],sd [%]\nkidneys,72,60,10\n"


@pytest.fixture
def one_scan(tmp_path):
    file = tmp_path / "c.csv"
    file.write_text(SCANS, encoding="utf-8")
    return file


def test_one_scan_is_refused_by_least_squares(one_scan):
    assert refused(one_scan, GIVEN) == [("one-scan-only", "c.csv: region")]


def test_one_scan_has_the_known_posterior_and_says_so(one_scan):
    # physics.md, known answers: 60 MBq at 72 h, mono: 10111, 11966, 14220 MBq h
    (curve,) = fit_file(one_scan, FitOptions(GIVEN, models=["mono"], estimator="posterior")).curves
    found = curve.tia_posterior
    assert [found.p5, found.p50, found.p95] == pytest.approx([10111, 11966, 14220], rel=2e-4)
    assert repr(curve).startswith("<CurveReport kidneys: mono, TIA ")


def test_the_prior_of_another_region_can_be_chosen(one_scan, tmp_path):
    liver = tmp_path / "liver.csv"
    liver.write_text(SCANS.replace("kidneys", "liver"), encoding="utf-8")
    like, other, own = (
        fit_file(
            file, FitOptions(GIVEN, models=["mono"], estimator="posterior", prior=prior)
        ).curves[0]
        for file, prior in ((liver, "kidneys"), (liver, None), (one_scan, None))
    )
    assert like.tia == own.tia
    found = [curve.effective_half_life.value for curve in (like, other)]
    assert found == pytest.approx([51.0, 67.0], rel=0.01)  # table effective_half_lives


def test_limits_result_is_a_document():
    found = json.loads(limits(patient()).to_json())
    assert found["patient"] == "T-1"
    assert len(found["limits"]) == 3


def test_a_model_of_one_kidney_is_not_suggested_for_the_other(tmp_path):
    file = tmp_path / "c.csv"
    file.write_text("region,time [h],activity [MBq]\nkidney_right,4,80\nkidney_right,24,60\n")
    with pytest.raises(InputError) as caught:
        fit_file(file, FitOptions(GIVEN, models=["kidney_left=mono"]))
    assert caught.value.problems[0].cure == "regions: kidney_right"


CONCENTRATIONS = "4,612.5\nkidney_left,24,468.75\nkidney_left,72,237.5\nkidney_left,168,60\n"


@pytest.fixture
def concentrations(tmp_path):
    file = tmp_path / "c.csv"
    file.write_text(f"region,time [h],concentration [kBq/mL]\nkidney_left,{CONCENTRATIONS}")
    return file


def test_a_fit_of_a_concentration_is_in_units_of_a_concentration(concentrations):
    # Small volumes of interest as in Khan 2025 (EJNMMI Phys, 10.1186/s40658-025-00769-w), computed
    # apart with scipy, 10 % of the curve: 46.118 MBq h/mL; per 7.2 GBq, 46118/7200 = 6.4053 h/L
    (curve,) = fit_file(concentrations, FitOptions("7.2 GBq")).curves
    assert (curve.tia.unit, curve.tia_coefficient.unit) == ("kBq/mL*h", "h/L")
    assert curve.tia.value == pytest.approx(46118.2, rel=1e-5)
    assert curve.tia_coefficient.value == pytest.approx(6.4053, rel=1e-5)
    # in 160 mL that is 7379 MBq h, or 1.02 h
    coefficient = curve.tia_coefficient.quantity * 0.160
    assert f"{coefficient.magnitude:.3g}" == "1.02"


def test_a_table_of_concentrations_names_their_units(concentrations):
    out = Console(width=100, record=True, file=io.StringIO(), markup=False)
    show_curves(fit_file(concentrations, FitOptions("7.2 GBq", bootstrap=100)).curves, out)
    text = out.export_text()
    assert "TIA [kBq/mL h]" in text
    assert "TIAC [h/L]" in text
    assert "MBq h" not in text


def test_curve_states_the_unit_of_its_tia():
    curve = fit_points([4, 24], [80.0, 60.0], None, "mono", 0.00434, "kBq/mL")
    assert "kBq/mL h" in f"{curve}"
