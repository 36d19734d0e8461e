"""A report as PDF, set by WeasyPrint: the same content, as text that can be selected."""

import functools
import io

import pytest
from pypdf import PdfReader
from report_plans import FILES, MADE, page_of, plan_of

from dosimetry.report import document, wording

pytestmark = pytest.mark.slow


@functools.cache
def pdf_of(name):
    return document.pdf(plan_of(name), MADE)


@pytest.mark.parametrize("name", ["population", "toxicity"])
def test_the_text_of_a_pdf_is_that_of_the_page(name):
    read = PdfReader(io.BytesIO(pdf_of(name)))
    said = " ".join(" ".join(sheet.extract_text() for sheet in read.pages).split())
    assert wording.headline(plan_of(name)) in said
    for heading in ("How much, against each limit", "Every number", "Provenance"):
        assert heading in said
    for flag in plan_of(name).flags:
        assert flag.severity.upper() in said.upper()
    assert read.metadata.title.endswith("dosimetry report")


def test_a_pdf_is_the_same_bytes_every_time():
    assert document.pdf(plan_of("population"), MADE) == pdf_of("population")


def test_a_pdf_fetches_nothing():
    for name in FILES:
        assert "http" not in page_of(name).replace("http-equiv", "").replace(
            "http://www.w3.org/", ""
        )
