"""A report as PDF (WeasyPrint): the same content as selectable text."""

import functools
import io

import pytest
from pypdf import PdfReader
from report_plans import FILES, MADE, page_of, plan_of

from dosimetry.report.page import document
from dosimetry.report.words.first_statements import answer
from dosimetry.report.words.status import verdict

pytestmark = pytest.mark.slow


@functools.cache
def pdf_of(name):
    return document.pdf(plan_of(name), MADE)


@pytest.mark.parametrize("name", ["population", "toxicity"])
def test_pdf_text_equals_the_page_text(name):
    read = PdfReader(io.BytesIO(pdf_of(name)))
    said = " ".join(" ".join(sheet.extract_text() for sheet in read.pages).split())
    for statement in answer(plan_of(name), MADE.date()):
        assert f"{statement.head} {statement.text}" in said
    for heading in ("Dose of the course and limits", "Doses in numbers", "Provenance"):
        assert heading in said
    for flag in plan_of(name).flags:
        assert verdict(flag, plan_of(name)) in said
    assert read.metadata.title.endswith("dosimetry report")


@pytest.mark.parametrize("name", FILES)
def test_the_first_page_holds_the_answer_and_the_signatures(name):
    first, second, *_ = (
        " ".join(sheet.extract_text().split())
        for sheet in PdfReader(io.BytesIO(pdf_of(name))).pages
    )
    plan = plan_of(name)
    for words in ("Calculated by", "Checked by", plan.disclaimer, "decided by"):
        assert words in first
    assert answer(plan, MADE.date())[0].text in first.replace("- ", "-")  # broken at a hyphen
    assert all(verdict(flag, plan) in first for flag in plan.flags)
    assert second.startswith("Appendix")


def test_a_pdf_is_the_same_bytes_every_time():
    assert document.pdf(plan_of("population"), MADE) == pdf_of("population")


def test_a_pdf_fetches_nothing():
    for name in FILES:
        assert "http" not in page_of(name).replace("http-equiv", "").replace(
            "http://www.w3.org/", ""
        )
