"""The numbers of a report are those of the JSON document, rounded to what the sd supports."""

import json

import pytest
from report_plans import FILES, page_of, plan_of, read

from dosimetry.report.numbers import decimals_of

every = pytest.mark.parametrize("name", FILES)


def document(name):
    return json.loads(plan_of(name).to_json())


def shown_as(number, sd):
    return f"{number:.{decimals_of(sd)}f}"


@every
def test_every_cumulative_dose_is_that_of_the_document(name):
    page, compared = read(name), 0
    for dose in document(name)["cumulative"]:
        for quantity, roles in (
            ("absorbed_dose", ("value", "sd", "p5", "p95")),
            ("bed", ("value", "sd", "p5", "p95")),
            ("eqd2", ("value", "sd")),
        ):
            found = dose[quantity]
            for role in roles if found else ():
                value, shown = page.numbers[f"cumulative/{dose['region']}/{quantity}", role]
                assert value == found[role]
                assert shown == shown_as(found[role], found["sd"])
                compared += 1
    assert compared >= 8


@every
def test_every_flag_is_that_of_the_document(name):
    page = read(name)
    for flag in document(name)["flags"]:
        place = f"flags/{flag['limit']}"
        assert page.words[f"{place}/severity"] == flag["severity"]
        for field in ("value", "limit_value", "margin", "margin_activity"):
            found = page.numbers.get((f"{place}/{field}", "value"), (None, ""))[0]
            assert found == (flag[field] and flag[field]["value"]), field
        found = page.numbers.get((f"{place}/probability", "probability"), (None, ""))[0]
        assert found == flag["probability"]


@every
def test_every_dose_of_a_cycle_and_every_curve_is_that_of_the_document(name):
    page, found = read(name), document(name)
    for cycle in found["cycles"]:
        for dose in cycle["regions"]:
            place = f"cycles/{cycle['number']}/{dose['region']}/absorbed_dose"
            assert page.numbers[place, "value"][0] == dose["absorbed_dose"]["value"]
    for curve in found["curves"]:
        place = f"curves/{curve['cycle']}/{curve['region']}"
        for field in ("tia", "effective_half_life"):
            assert page.numbers[f"{place}/{field}", "value"][0] == curve[field]["value"]


@every
def test_a_report_says_every_assumption_warning_source_and_hash(name):
    said = " ".join("".join(read(name).text).split())
    plan = plan_of(name)
    for line in plan.assumptions:
        assert line[1:] in said
    for warning in plan.warnings:
        assert warning.message[1:] in said
    for flag in plan.flags:
        assert flag.source in said
    for digest in (*plan.provenance.tables.values(), *plan.provenance.inputs.values()):
        assert digest in said
    assert plan.disclaimer in said
    assert "2026-01-05 12:30:00+01:00" in said


@every
def test_a_report_gives_no_advice(name):
    page = page_of(name).lower()
    for word in ("you should", "should be", "must be given", "we recommend", "recommended dose"):
        assert word not in page
