"""Tables that people met in public, with the values they should give, and variants of them."""

import json

import pytest

import dosimetry
from dosimetry import InputError
from dosimetry.cycle.curves_of_file import fit_file
from dosimetry.cycle.fit_options import FitOptions
from dosimetry.patient.patient import Patient

HEADER = "region,time [h],activity [MBq]\n"
SIDES = ("kidney_left", "kidney_right")
# Activity of a kidney in MBq, whose time-integrated activity is 7378 MBq h (computed apart from
# this program), and the same corrected for decay to the injection.
ACTIVITY = ((4, 98.0), (24, 75.0), (72, 38.0), (168, 9.6))
CORRECTED = ((4, 99.7181), (24, 83.2433), (72, 51.9575), (168, 19.9199))
INTEGRAL = pytest.approx(7378.08, rel=2e-4)
# Blood in kBq/mL, integral 1940.7 kBq h/mL
BLOOD = "time [h],concentration [kBq/mL]\n0.5,300\n1,220\n4,80\n24,12\n72,3\n168,0.8\n"


def table(points, regions=SIDES, header=HEADER):
    return header + "".join(f"{region},{t},{a}\n" for region in regions for t, a in points)


def fitted(folder, text, **options):
    (folder / "m.csv").write_text(text)
    document = fit_file(folder / "m.csv", FitOptions("7.2 GBq", **options))
    return {curve.region: curve for curve in document.curves}


def plan(folder, files, **cycle):
    for name, text in files.items():
        (folder / name).write_text(text)
    given = {"administered": "7.2 GBq", "at": "2026-01-12", "measurements": "m.csv", **cycle}
    return dosimetry.plan(
        Patient.from_dict(
            {
                "patient": {"id": "H2", "sex": "male", "age": "60 year", "weight": "80 kg"},
                "therapy": {"regimen": "netter-1", "estimator": "least-squares"},
                "cycles": [given],
            },
            folder,
        )
    )


def refused(folder, text, **options):
    with pytest.raises(InputError) as caught:
        fitted(folder, text, **options)
    return caught.value.problems


# Decay-corrected to the administration (horosproject/horos #653)


def test_fit_undoes_the_correction_to_the_administration(tmp_path):
    found = fitted(tmp_path, table(CORRECTED), decay_corrected_to="administration")
    assert [curve.tia.value for curve in found.values()] == [INTEGRAL, INTEGRAL]


@pytest.mark.parametrize("word", ["administration", "Administration", " administration "])
def test_a_column_says_what_each_row_is_corrected_to(tmp_path, word):
    text = "region,time [h],activity [MBq],decay_corrected_to\n"
    text += "".join(f"kidneys,{t},{a},{word}\n" for t, a in CORRECTED)
    assert fitted(tmp_path, text)["kidneys"].tia.value == INTEGRAL


def test_each_file_of_a_cycle_has_its_own_correction(tmp_path):
    files = {
        "l.csv": table(CORRECTED, SIDES[:1]),
        "r.csv": table(ACTIVITY, SIDES[1:]),
    }
    sources = [{"file": "l.csv", "decay_corrected_to": "administration"}, "r.csv"]
    made = plan(tmp_path, files, measurements=sources)
    assert [curve.optimum.value for curve in made.curves] == [INTEGRAL, INTEGRAL]
    assert {"l.csv", "r.csv"} <= set(json.loads(made.to_json())["provenance"]["inputs"])


# Images corrected to the injection, blood as counted (bids-specification #633)


@pytest.mark.parametrize(
    ("cycle", "blood"),
    [
        ({"decay_corrected_to": "administration"}, {"decay_corrected_to": "none"}),
        ({"decay_corrected_to": "none"}, {}),
    ],
)
def test_images_are_corrected_and_blood_is_not(tmp_path, cycle, blood):
    images = {"file": "m.csv", "decay_corrected_to": "administration"}
    made = plan(
        tmp_path,
        {"m.csv": table(CORRECTED), "b.csv": BLOOD},
        measurements=images,
        blood={"file": "b.csv", **blood},
        **cycle,
    )
    curves = {curve.region: curve for curve in made.curves}
    assert curves["kidney_left"].optimum.value == INTEGRAL
    assert curves["blood"].tia.value == pytest.approx(1940.7, rel=1e-4)
    marrow = next(dose for dose in made.cycles[0].regions if dose.region == "red_marrow")
    assert marrow.absorbed_dose.value == pytest.approx(0.096, abs=0.0005)


def test_a_correction_of_the_cycle_holds_for_blood_and_is_said(tmp_path):
    made = plan(
        tmp_path,
        {"m.csv": table(CORRECTED), "b.csv": BLOOD},
        blood="b.csv",
        decay_corrected_to="administration",
    )
    assert "decay_corrected_to applied to the blood samples too" in made.assumptions


# Zeros, negatives and blanks (masters-thesis of luisadias02, PETRIC2 #8, PETPVC #13)


@pytest.mark.parametrize("value", ["0", "-1", "-0.5", "0.0"])
def test_a_value_below_zero_without_sd_is_refused(tmp_path, value):
    (problem,) = refused(tmp_path, f"{table(ACTIVITY, ['kidneys'])}kidneys,200,{value}\n")
    assert problem.code == "not-positive"
    assert "leave the row out" in problem.cure
    assert "sd [MBq]" in problem.cure


def test_a_value_below_zero_counts_with_its_sd(tmp_path):
    header = "region,time [h],activity [MBq],sd [MBq]\n"
    rows = "".join(f"kidneys,{t},{a},{0.05 * a}\n" for t, a in ACTIVITY[:3])
    without = fitted(tmp_path, header + rows, estimator="posterior")["kidneys"].tia
    # At 400 h the curve of 49 h has 0.3 MBq left: -1 with an sd of 2 MBq agrees with it
    found = fitted(tmp_path, f"{header}{rows}kidneys,400,-1,2\n", estimator="posterior")
    assert found["kidneys"].tia.value == pytest.approx(without.value, abs=without.sd)
    assert found["kidneys"].tia.sd < without.sd


def test_a_percentage_is_no_sd_of_a_value_below_zero(tmp_path):
    header = "region,time [h],activity [MBq],sd [%]\n"
    rows = "".join(f"kidneys,{t},{a},5\n" for t, a in ACTIVITY)
    (problem,) = refused(tmp_path, f"{header}{rows}kidneys,400,-1,5\n")
    assert "an sd in % says nothing of it" in problem.message


def test_only_values_below_zero_are_no_curve(tmp_path):
    text = "region,time [h],activity [MBq],sd [MBq]\nliver,4,-1,2\nliver,24,0,2\n"
    assert refused(tmp_path, text)[0].code == "no-activity"


def test_uptake_does_not_begin_above_zero(tmp_path):
    text = f"{HEADER}liver,0,100\nliver,24,75\nliver,72,40\nliver,168,10\n"
    assert refused(tmp_path, text, models=["uptake"])[0].code == "uptake-from-above-zero"


def test_a_blank_cell_is_a_missing_point(tmp_path):
    text = table([*ACTIVITY[:1], (24, ""), *ACTIVITY[2:]], ["kidneys"])
    curve = fitted(tmp_path, text)["kidneys"]
    (said,) = [warning for warning in curve.warnings if warning.code == "missing-point"]
    assert said.place == "m.csv:3"
    assert curve.dof == 1  # three points, two parameters


@pytest.mark.parametrize("region", ["", " "])
def test_a_blank_region_or_time_beside_a_value_is_refused(tmp_path, region):
    assert refused(tmp_path, f"{HEADER}{region},4,80\n")[0].code == "unknown-region"
    assert refused(tmp_path, f"{HEADER}liver,{region},80\n")[0].code == "not-a-number"


# Percentages and SUV (z-rad #140, MOOSE #230, units #88)

LIVER = {"4": 2.7, "24": 2.1, "72": 1.05}


@pytest.mark.parametrize("unit", ["%IA", "%ID"])
def test_percent_of_the_injected_dose_is_of_the_administered(tmp_path, unit):
    rows = "".join(f"kidneys,{t},{v}\n" for t, v in LIVER.items())
    found = fitted(tmp_path, HEADER.replace("MBq", unit) + rows)["kidneys"].tia
    mbq = "".join(f"kidneys,{t},{v * 72.0}\n" for t, v in LIVER.items())
    assert found.value == pytest.approx(fitted(tmp_path, HEADER + mbq)["kidneys"].tia.value)


@pytest.mark.parametrize("column", ["activity [SUV]", "SUV", "SUVbw [g/mL]", "concentration [SUV]"])
def test_suv_is_a_concentration_by_weight(tmp_path, column):
    rows = "".join(f"liver,{t},{v}\n" for t, v in LIVER.items())
    found = fitted(tmp_path, f"region,time [h],{column}\n{rows}", weight="80 kg")["liver"].tia
    # 1 SUV is 7,200,000 kBq / 80,000 g = 90 kBq/mL at the injection, less the decay since
    decayed = {t: v * 90.0 * 0.5 ** (float(t) / 159.528) for t, v in LIVER.items()}
    rows = "".join(f"liver,{t},{v!r}\n" for t, v in decayed.items())
    plain = fitted(tmp_path, f"region,time [h],concentration [kBq/mL]\n{rows}")["liver"].tia
    assert found.unit == "kBq/mL*h"
    assert found.value == pytest.approx(plain.value, rel=1e-9)


@pytest.mark.parametrize("column", ["SUVmax", "SUVlbm [g/mL]", "activity [cps]", "counts"])
def test_other_uptake_values_and_counts_are_refused(tmp_path, column):
    problems = refused(tmp_path, f"region,time [h],{column}\nliver,4,2\n", weight="80 kg")
    assert {problem.code for problem in problems} <= {
        "unknown-column",
        "unknown-unit",
        "missing-column",
        "wrong-dimension",
    }


# A vial with a reference time after the injection (EndolucinBeta SmPC)


@pytest.mark.parametrize(
    ("administered", "expected"),
    [
        # 7.4 GBq at 12:00, injected at 09:30, less 60 MBq: 7.4 x 2^(2.5/159.528) - 0.06
        (
            {
                "prepared": "7.4 GBq",
                "prepared_at": "2026-01-12T12:00:00+01:00",
                "residual": "60 MBq",
            },
            7.4209,
        ),
        # the same at 12:00 of the next day: 26.5 h, 7.4 x 2^(26.5/159.528) - 0.06
        (
            {
                "prepared": "7.4 GBq",
                "prepared_at": "2026-01-13T12:00:00+01:00",
                "residual": "60 MBq",
            },
            8.2432,
        ),
    ],
)
def test_a_vial_may_be_calibrated_for_after_the_injection(tmp_path, administered, expected):
    made = plan(
        tmp_path,
        {"m.csv": table(ACTIVITY)},
        administered=administered,
        at="2026-01-12T09:30:00+01:00",
    )
    assert made.cycles[0].activity.value == pytest.approx(expected, rel=2e-5)


# Organs and vertebrae in one cycle (10.1186/s13550-018-0459-4)

MIXED = (
    "region,time [h],activity [MBq],concentration [kBq/mL],recovery\n"
    "red_marrow,4,,45,0.78\nred_marrow,24,,20,0.78\nred_marrow,72,,9,0.78\nred_marrow,168,,3,0.78\n"
    "kidneys,4,196,,1\nkidneys,24,150,,1\nkidneys,72,76,,1\nkidneys,168,19,,1\n"
)
ORGANS = "region,time [h],activity [MBq]\n" + "".join(
    f"kidneys,{t},{a}\n" for t, a in ((4, 196), (24, 150), (72, 76), (168, 19))
)
VERTEBRAE = "region,time [h],concentration [kBq/mL],recovery\n" + "".join(
    f"red_marrow,{t},{c},0.78\n" for t, c in ((4, 45), (24, 20), (72, 9), (168, 3))
)


@pytest.mark.parametrize(
    ("files", "sources"),
    [
        ({"m.csv": MIXED}, "m.csv"),
        ({"m.csv": ORGANS, "n.csv": VERTEBRAE}, ["m.csv", "n.csv"]),
        ({"m.csv": ORGANS, "n.csv": VERTEBRAE}, ["n.csv", {"file": "m.csv"}]),
        ({"m.csv": MIXED.replace(",1\n", ",\n")}, "m.csv"),
    ],
)
def test_organs_and_vertebrae_are_given_together(tmp_path, files, sources):
    made = plan(tmp_path, files, measurements=sources)
    marrow = next(curve for curve in made.curves if curve.region == "red_marrow")
    first = next(point.activity.value for point in marrow.points if point.time.value == 4)
    assert first == pytest.approx(45 / 0.78)
    assert {curve.region for curve in made.curves} == {"red_marrow", "kidneys"}


def test_a_scan_in_two_files_is_refused(tmp_path):
    with pytest.raises(InputError, match="already given") as caught:
        plan(tmp_path, {"m.csv": ORGANS, "n.csv": ORGANS}, measurements=["m.csv", "n.csv"])
    assert caught.value.problems[0].place == "n.csv:2"


def test_a_recovery_of_some_scans_only_is_refused(tmp_path):
    (tmp_path / "m.csv").write_text(VERTEBRAE.replace("9,0.78", "9,"))
    with pytest.raises(InputError) as caught:
        plan(tmp_path, {})
    assert [p.code for p in caught.value.problems] == ["recovery-missing"]


# One tumour under two names


def test_two_names_of_one_tumour_in_a_file_are_refused(tmp_path):
    text = f"{HEADER}Lesion_1,4,50\nTumour_1,24,40\n"
    (problem,) = refused(tmp_path, text)
    assert problem.code == "tumour-of-two-names"
    assert "'Lesion_1' and 'Tumour_1'" in problem.message


def test_two_names_of_one_tumour_in_two_files_are_refused(tmp_path):
    files = {"a.csv": f"{HEADER}Lesion_1,4,50\n", "b.csv": f"{HEADER}Tumour_1,24,40\n"}
    with pytest.raises(InputError) as caught:
        plan(tmp_path, files, measurements=["a.csv", "b.csv"])
    assert [problem.code for problem in caught.value.problems] == ["tumour-of-two-names"]


def test_a_name_read_as_another_is_said(tmp_path):
    text = f"{HEADER}Lesion_1,4,50\nLesion_1,24,40\nLeft Kidney,24,60\nkidney_right,24,60\n"
    said = plan(tmp_path, {"m.csv": text}).assumptions
    assert "cycle 1: 'Lesion_1' read as tumour 1" in said
    assert not any("Left Kidney" in line for line in said)
