"""Fields of the patient file, one by one and together."""

import datetime as dt
import json

import pint
import pytest

import dosimetry
from dosimetry import InputError
from dosimetry.patient.patient import Patient
from dosimetry.planning.check import check
from dosimetry.quantities import Amount, Estimate

LIVER = [(4, 80), (24, 60), (72, 31), (168, 8)]
FOREIGN = pint.UnitRegistry()  # of the host program, with definitions of its own


def scans(*regions, points=LIVER, **more):
    return [
        {"region": region, "time": f"{time} h", "activity": f"{value} MBq", **more}
        for region in regions
        for time, value in points
    ]


def document(*cycles, patient=None, therapy=None, **more):
    return {
        "patient": {"id": "T-1", "sex": "male", **(patient or {})},
        "therapy": {"regimen": "netter-1", **(therapy or {})},
        "cycles": [{"administered": "7.4 GBq", "at": "2026-01-12", **cycle} for cycle in cycles],
        **more,
    }


def read(data):
    return Patient.from_dict(data, source="p.yaml")


def refused(data):
    with pytest.raises(InputError) as caught:
        dosimetry.plan(read(data))
    (problem,) = caught.value.problems
    assert problem.message
    assert problem.cure
    return problem


def codes(data):
    return {warning.code for warning in dosimetry.plan(read(data)).warnings}


# Dates.


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("2026-01-12", dt.date(2026, 1, 12)),
        ("2028-02-29", dt.date(2028, 2, 29)),
        ("2026-01-12T09:30", dt.datetime(2026, 1, 12, 9, 30)),
        ("2026-01-12 09:30:15", dt.datetime(2026, 1, 12, 9, 30, 15)),
        ("2026-01-12T09:30:00Z", dt.datetime(2026, 1, 12, 9, 30, tzinfo=dt.UTC)),
        (
            "2026-01-12T09:30:00.5+01:00",
            dt.datetime(2026, 1, 12, 9, 30, 0, 500_000, dt.timezone(dt.timedelta(hours=1))),
        ),
    ],
)
def test_a_date_stays_a_date_and_a_time_keeps_its_zone(written, wanted):
    found = read(document({"at": written})).cycles[0].at
    assert type(found) is type(wanted)
    assert found.isoformat() == wanted.isoformat()


@pytest.mark.parametrize(
    "written",
    [
        "2026-13-01",
        "2026-02-29",
        "2026-1-12",
        "20260112",
        "12.01.2026",
        "2026-01-12T25:00",
        "2026-01-12T09",
        "2026-01-12T09:30+1",
        "2026-01-12T09:30+99:00",
        "2026-W03-1",
        "today",
        "0000-00-00",
        "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0661\u0662",
        20260112,
        None,
        [],
    ],
)
def test_invalid_date_is_refused(written):
    problem = refused(document({"at": written}))
    assert (problem.code, problem.place) == ("not-a-date", "p.yaml: cycles[0].at")
    assert "YYYY-MM-DD" in problem.cure


@pytest.mark.parametrize(
    "written",
    [
        *("1899-12-31", "2200-01-01", "0001-01-01", "9999-12-31"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),  # have no UTC in Python
    ],
)
def test_a_date_outside_three_centuries_is_refused(written):
    event = {"at": written, "term": "nausea", "grade": 3}
    for section in ({"labs": [{"at": written}]}, {"adverse_events": [event]}):
        problem = refused(document(**section))
        assert problem.code == "date-out-of-range"
        assert "1900 to 2199" in problem.message


def test_the_start_of_a_course_is_a_date_without_time():
    problem = refused(document(therapy={"start": "2026-01-12T09:30:00+01:00"}))
    assert (problem.code, problem.place) == ("not-a-date", "p.yaml: therapy.start")


def test_python_dates_are_accepted():
    found = read(document({"at": dt.date(2026, 1, 12)}, therapy={"start": dt.date(2026, 1, 12)}))
    assert found.cycles[0].at == found.therapy.start == dt.date(2026, 1, 12)


# Quantities of Python.


def test_pint_quantities_of_any_registry_are_taken():
    given = document({"administered": FOREIGN.Quantity(7.4, "GBq")})
    given["masses"] = {"liver": FOREIGN.Quantity(1.7, "kg")}
    found = read(given)
    assert found.cycles[0].administered == Amount(7400.0, "MBq")
    assert found.masses["liver"] == Estimate(1700.0, None, "g")


def test_amounts_and_estimates_are_taken():
    given = document(
        {"administered": Amount(7.4, "GBq")}, masses={"liver": Estimate(1.7, 0.1, "kg")}
    )
    assert read(given).cycles[0].administered == Amount(7400.0, "MBq")
    assert read(given).masses["liver"] == Estimate(1700.0, 100.0, "g")


@pytest.mark.parametrize(
    "value",
    [
        FOREIGN.Quantity(7.4, "1/hour"),
        FOREIGN.Quantity(7.4, "hertz"),
        FOREIGN.Quantity(7.4, "gray"),
        Amount(7.4, "Gy"),
    ],
    ids=str,
)
def test_quantities_of_another_dimension_are_refused(value):
    problem = refused(document({"administered": value}))
    assert (problem.code, problem.place) == ("wrong-dimension", "p.yaml: cycles[0].administered")


# Numbers, words and texts.

LIMIT = {"id": "own", "region": "liver", "quantity": "bed", "limit": "30 Gy", "source": "me"}
NO_BED = {"kidneys": {"absorbed_dose": "6 Gy", "source": "me"}}


@pytest.mark.parametrize(
    ("section", "field", "value", "code", "inner"),
    [
        ("patient", "age", "17.9 year", "not-an-adult", ""),
        ("patient", "age", "121 year", "out-of-range", ""),
        ("patient", "hematocrit", "41", "out-of-range", ""),
        ("patient", "hematocrit", "0,41", "not-a-quantity", ""),
        ("patient", "hematocrit", [0.41], "not-a-number", ""),
        ("patient", "hematocrit", True, "not-a-number", ""),
        ("patient", "sex", "femal", "unknown-word", ""),
        ("patient", "id", " ", "not-a-text", ""),
        ("patient", "kidney_risk_factors", ["diabets"], "unknown-word", "[0]"),
        ("patient", "kidney_risk_factors", "diabetes", "wrong-type", ""),
        ("therapy", "regimen", "neter-1", "unknown-regimen", ""),
        ("therapy", "radiopharmaceutical", "90Y-DOTATOC", "unknown-agent", ""),
        ("therapy", "limits", ["kidney-bed"], "unknown-word", "[0]"),
        ("therapy", "limits", ["kidneys-bed", "kidneys-bed"], "limit-twice", "[1]"),
        ("therapy", "limits", [{**LIMIT, "region": "remainder"}], "no-dose-region", "[0].region"),
        ("therapy", "limits", [{**LIMIT, "quantity": "eqd2"}], "unknown-word", "[0].quantity"),
        ("therapy", "prior_doses", NO_BED, "prior-bed-missing", ".kidneys.bed"),
    ],
)
def test_impossible_field_is_refused(section, field, value, code, inner):
    problem = refused(document(**{section: {field: value}}))
    assert (problem.code, problem.place) == (code, f"p.yaml: {section}.{field}{inner}")


@pytest.mark.parametrize(
    ("therapy", "cure"),
    [
        ({"regimen": "netter-2"}, "nearest: netter-1"),
        ({"regimen": "lutathera"}, "netter-1"),
        ({"radiopharmaceutical": "68Ga-DOTATATE"}, "177Lu-DOTATATE"),
        ({"limits": ["kidneys-ad-32"]}, "nearest: kidneys-ad-23"),
    ],
)
def test_cure_names_the_known_values(therapy, cure):
    assert cure in refused(document(therapy=therapy)).cure


@pytest.mark.parametrize("taken", ["kidneys-bed", "kidneys-ad-23", "kidneys-bed-27-iluminet"])
def test_custom_limit_needs_a_unique_id(taken):
    problem = refused(document(therapy={"limits": [{**LIMIT, "id": taken}]}))
    assert (problem.code, problem.place) == ("limit-id-taken", "p.yaml: therapy.limits[0].id")
    read(document(therapy={"limits": [LIMIT]}))


@pytest.mark.parametrize("cycles", ["0", "13", "1.5", "-4", "four", 0, 13, 1e300, True, [], None])
def test_the_number_of_cycles_is_a_whole_number(cycles):
    regimen = {"activity": "7.4 GBq", "cycles": cycles, "interval": "8 week"}
    with pytest.raises(InputError) as caught:
        read(document(therapy={"regimen": regimen}))
    assert [p.place for p in caught.value.problems] == ["p.yaml: therapy.regimen.cycles"]


def test_an_interval_is_whole_days():
    regimen = {"activity": "7.4 GBq", "cycles": 4, "interval": "100 h"}
    problem = refused(document(therapy={"regimen": regimen}))
    assert (problem.code, problem.place) == (
        "interval-not-in-days",
        "p.yaml: therapy.regimen.interval",
    )


# Net activity.

HALF_LIFE = dt.timedelta(hours=159.528)
AT = dt.datetime(2026, 1, 12, 9, 30, tzinfo=dt.UTC)


def given_at(**administered):
    moments = {key: v.isoformat() for key, v in administered.items() if isinstance(v, dt.datetime)}
    return {"administered": {**administered, **moments}, "at": AT.isoformat()}


def test_prepared_and_residual_activity_are_net_of_decay():
    # 7.4 GBq one half-life before: 3.7 GBq. 100 MBq one half-life after: 200 MBq. Net 3.5 GBq.
    cycle = given_at(
        prepared="7.4 GBq",
        prepared_at=AT - HALF_LIFE,
        residual="100 MBq",
        residual_at=AT + HALF_LIFE,
    )
    assert dosimetry.plan(read(document(cycle))).cycles[0].activity.value == pytest.approx(3.5)


def test_activity_at_a_later_time_is_decay_corrected_back():
    # SmPC: the reference time is 12:00 of the day; injected at 09:30, residual 60 MBq without a
    # time: 7.4 x 2^(2.5/159.528) - 0.06 = 7.4208 GBq
    later = AT + dt.timedelta(hours=2.5)
    plan = dosimetry.plan(
        read(document(given_at(prepared="7.4 GBq", prepared_at=later, residual="60 MBq")))
    )
    assert plan.cycles[0].activity.value == pytest.approx(7.4 * 2 ** (2.5 / 159.528) - 0.06)
    assert any("2.5 h after the injection" in line for line in plan.assumptions)


def test_residual_without_times_is_subtracted():
    cycle = {"administered": {"prepared": "7.4 GBq", "residual": "60 MBq"}}
    assert dosimetry.plan(read(document(cycle))).cycles[0].activity.value == pytest.approx(7.34)


@pytest.mark.parametrize(
    ("administered", "code", "field"),
    [
        ({"residual": "8 GBq"}, "nothing-administered", "residual"),
        ({"residual": "7.4 GBq"}, "nothing-administered", "residual"),
        ({"residual": "4 GBq", "residual_at": AT + HALF_LIFE}, "nothing-administered", "residual"),
        ({"prepared_at": AT + 2 * HALF_LIFE}, "times-too-far-apart", "prepared_at"),
        ({"residual": "1 MBq", "residual_at": AT - HALF_LIFE}, "dates-out-of-order", "residual_at"),
        ({"prepared_at": "2026-01-12"}, "no-time-of-day", "prepared_at"),
    ],
)
def test_impossible_administration_is_refused(administered, code, field):
    problem = refused(document(given_at(prepared="7.4 GBq", **administered)))
    assert (problem.code, problem.place) == (code, f"p.yaml: cycles[0].administered.{field}")


# What fields say together.

KIDNEYS = ("kidney_left", "kidney_right")
PER_GBQ = "0.3 Gy/GBq"


@pytest.mark.parametrize(
    ("regions", "more", "code", "place"),
    [
        (("kidney_left",), {}, "one-kidney-only", "measurements"),
        (("kidneys", *KIDNEYS), {}, "kidneys-twice", "measurements"),
        (("total_body", "remainder_of_body"), {}, "body-twice", "measurements"),
        (("colon", "left_colon"), {}, "colon-twice", "measurements"),
        (("total_body", "liver", "spleen"), {}, "total-below-parts", "measurements"),
        (("uterus",), {}, "not-in-phantom", "measurements"),
        (("liver",), {"models": {"spleen": "mono"}}, "model-without-curve", "models.spleen"),
        (("liver",), {"models": {"liver": "monno"}}, "unknown-word", "models.liver"),
        (("liver",), {"models": {"livr": "mono"}}, "unknown-region", "models.livr"),
        (("liver",), {"dose_coefficients": {"liver": PER_GBQ}}, "dose-twice", "liver"),
        (KIDNEYS, {"dose_coefficients": {"kidneys": PER_GBQ}}, "dose-twice", "kidneys"),
        (("liver",), {"decay_corrected_to": "scan"}, "unknown-word", "decay_corrected_to"),
    ],
)
def test_impossible_cycle_is_refused(regions, more, code, place):
    problem = refused(document({"measurements": scans(*regions), **more}))
    assert (problem.code, problem.place.split(".")[-1]) == (code, place.split(".")[-1])
    assert problem.place.startswith("p.yaml: cycles[0].")


def test_sd_is_needed_at_all_scans_of_a_region_or_none():
    mixed = [*scans("liver", sd="5 %")[:2], *scans("liver")[2:]]
    problem = refused(document({"measurements": mixed}))
    assert (problem.code, problem.place) == ("sd-missing", "p.yaml: cycles[0].measurements")
    codes(document({"measurements": [*scans("liver", sd="5 %"), *scans("spleen")]}))


def test_contents_need_a_volume_beside_a_concentration():
    row = {"region": "urinary_bladder", "time": "4 h", "concentration": "3 kBq/mL"}
    problem = refused(document({"measurements": [row]}))
    place = "p.yaml: cycles[0].measurements[0]"
    assert (problem.code, problem.place) == ("concentration-of-an-organ", place)


def test_one_kidney_is_accepted_for_a_solitary_kidney():
    given = document(
        {"measurements": scans("kidney_left")}, patient={"kidney_risk_factors": ["single_kidney"]}
    )
    assert "kidneys" in {dose.region for dose in dosimetry.plan(read(given)).cumulative}


def test_female_may_have_a_uterus_and_not_a_prostate():
    female = {"sex": "female"}
    read(document({"measurements": scans("uterus")}, patient=female))
    problem = refused(document({"measurements": scans("prostate")}, patient=female))
    assert problem.code == "not-in-phantom"


def test_total_that_covers_its_parts_is_accepted():
    body = scans("total_body", points=[(4, 6000), (24, 4000), (72, 1800), (168, 400)])
    both = [*body, *scans("liver", "spleen")]
    assert "total-below-parts" not in codes(document({"measurements": both}))


def earlier(region, dose, bed):
    return {"prior_doses": {region: {"absorbed_dose": dose, "bed": bed, "source": "me"}}}


def test_previous_dose_of_one_kidney_is_counted_or_reported():
    cycle = {"measurements": scans(*KIDNEYS)}
    without = dosimetry.plan(read(document(cycle)))
    with_it = dosimetry.plan(
        read(document(cycle, therapy=earlier("kidney_left", "20 Gy", "25 Gy")))
    )
    counted = with_it.flags[0].value.value > without.flags[0].value.value + 5
    assert counted or "prior-dose-not-used" in {warning.code for warning in with_it.warnings}


def test_bed_below_the_absorbed_dose_is_refused():
    problem = refused(document(therapy=earlier("kidneys", "20 Gy", "1 Gy")))
    assert problem.place == "p.yaml: therapy.prior_doses.kidneys.bed"
    read(document(therapy=earlier("kidneys", "20 Gy", "20 Gy")))


def test_masses_of_pair_and_side_together_are_refused():
    problem = refused(document(masses={"kidneys": "300 g", "kidney_left": "150 g"}))
    assert (problem.code, problem.place) == ("kidneys-twice", "p.yaml: masses.kidneys")


def test_a_region_and_its_alias_are_one():
    problem = refused(document(masses={"kidney_left": "150 g", "left_kidney": "150 g"}))
    assert (problem.code, problem.place) == ("region-twice", "p.yaml: masses.left_kidney")


def test_start_must_match_the_first_delivered_cycle():
    problem = refused(document({}, therapy={"start": "2026-01-11"}))
    assert (problem.code, problem.place) == ("start-after-delivery", "p.yaml: therapy.start")
    assert "remove it" in problem.cure
    read(document({}, therapy={"start": "2026-01-12"}))


def test_too_many_cycles_are_refused_by_plan_and_check(tmp_path):
    given = document(*({"at": f"{2026 + i}-01-12"} for i in range(13)))
    problem = refused(given)
    assert (problem.code, problem.place) == ("too-many-cycles", "p.yaml: cycles")
    (tmp_path / "p.json").write_text(json.dumps(given))
    assert [p.code for p in check(tmp_path / "p.json").problems] == ["too-many-cycles"]


def test_unknown_keys_of_every_section_name_the_nearest():
    given = document({"administered": {"prepard": "7 GBq", "prepared": "7 GBq"}, "att": "x"})
    given["therapy"]["regimen"] = {"activity": "7 GBq", "cycles": 2, "interval": "8 week", "x": "1"}
    given["patient"]["wieght"], given["mases"] = "80 kg", {}
    with pytest.raises(InputError) as caught:
        read(given)
    found = {p.place: p.cure for p in caught.value.problems if p.code == "unknown-key"}
    assert found.keys() == {
        "p.yaml: mases",
        "p.yaml: patient.wieght",
        "p.yaml: therapy.regimen.x",
        "p.yaml: cycles[0].att",
        "p.yaml: cycles[0].administered.prepard",
    }
    assert found["p.yaml: mases"].startswith("nearest: masses")
    assert found["p.yaml: cycles[0].att"].startswith("nearest: at")


@pytest.mark.parametrize("sign", ["\a", "\x1b", "\ud800"], ids=["bell", "escape", "half a sign"])
def test_id_with_control_characters_is_refused(sign):
    data = {"patient": {"id": f"A{sign}B", "sex": "male"}, "therapy": {"regimen": "netter-1"}}
    assert refused(data).code == "control-character"
