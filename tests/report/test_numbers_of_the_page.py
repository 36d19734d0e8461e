"""The numbers of a report equal the JSON document, rounded as the sd supports."""

import dataclasses
import json

import pytest
from report_plans import FILES, MADE, Page, page_of, plan_of, read

from dosimetry.report.numbers import decimals_of, printed
from dosimetry.report.page.document import html

pytestmark = pytest.mark.slow  # whole plans and pages

every = pytest.mark.parametrize("name", FILES)


def document(name):
    return json.loads(plan_of(name).to_json())


def shown_as(number, sd):
    return f"{number:.{decimals_of(sd)}f}"


@every
def test_every_cumulative_dose_equals_the_document(name):
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
def test_every_flag_equals_the_document(name):
    page = read(name)
    for flag in document(name)["flags"]:
        place = f"flags/{flag['limit']}"
        shown = page.words[f"{place}/severity"].lower().replace(" ", "-").replace(",", "-(")
        assert shown.partition("-(")[0] == flag["severity"]
        for field in ("value", "limit_value", "margin", "margin_activity"):
            found = page.numbers.get((f"{place}/{field}", "value"), (None, ""))[0]
            if field == "margin_activity" and flag["basis"] == "population":
                assert found is None  # "not measured": no activity is left of what nobody knows
                continue
            assert found == (flag[field] and flag[field]["value"]), field
        found = page.numbers.get((f"{place}/probability", "probability"), (None, ""))[0]
        assert found == flag["probability"]


@every
def test_every_cycle_dose_and_curve_equals_the_document(name):
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
def test_every_recalculated_figure_equals_the_document(name):
    page, found = read(name), document(name)["second_check"]
    assert bool(found) == any(cycle["status"] == "delivered" for cycle in document(name)["cycles"])
    for one in found:
        place = "second_check/{cycle}/{region}/{quantity}".format(**one)
        assert page.numbers[place, "value"][0] == one["difference"]["value"]
        assert page.numbers[place, "allowed"][0] == one["tolerance"]["value"]
        assert "DOES NOT AGREE" not in page.words[place]


def test_report_states_the_result_of_the_recalculation():
    page = " ".join("".join(read("two cycles").text).split())
    assert "Independent recalculation: agrees (largest difference 0.35 %, kidneys)." in page
    figures = document("two cycles")["second_check"]
    assert f"{max(figure['difference']['value'] for figure in figures):.2f}" == "0.35"
    assert "Independent recalculation" not in page_of("population")  # nothing delivered


def test_disagreeing_recalculation_is_marked():
    """No command makes a report of such a plan; a program could."""
    plan = plan_of("one cycle")
    first, *others = plan.second_check
    wrong = dataclasses.replace(first, passed=False)
    page = Page(html(dataclasses.replace(plan, second_check=(wrong, *others)), MADE))
    place = f"second_check/{first.cycle}/{first.region}/{first.quantity}"
    assert page.words[place].endswith("DOES NOT AGREE")
    assert "Independent recalculation: DOES NOT AGREE (" in "".join(page.text)


@every
def test_report_has_every_assumption_warning_source_and_hash(name):
    said = " ".join("".join(read(name).text).split())
    plan = plan_of(name)
    for line in plan.assumptions:
        assert printed(line)[1:] in said
    for warning in plan.warnings:
        assert printed(warning.message)[1:] in said
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
