"""The protocol of a self-test: its content, in a real browser, and as PDF."""

import base64
import dataclasses
import hashlib
import html
import io
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from pypdf import PdfReader
from report_plans import HOSTILE, MADE

from dosimetry.quantities import Amount
from dosimetry.report.page.files import write_protocol
from dosimetry.report.page.protocol import protocol
from dosimetry.selftest.run import selftest

TEST = selftest(MADE.date())
FIRST = TEST.answers[0]


def failing(**changes):
    """Return the self-test with its first answer not reproduced."""
    answer = dataclasses.replace(FIRST, passed=False, **changes)
    return dataclasses.replace(TEST, passed=False, answers=(answer, *TEST.answers[1:]))


def test_protocol_has_result_versions_hashes_and_lines_to_sign():
    page = protocol(TEST, MADE)
    assert f"<b>{len(TEST.answers)} known answers, all reproduced.</b>" in page
    for line in ("Name", "Date", "Signature", "Place"):
        assert f"<p>{line}</p>" in page
    for text in (TEST.version, TEST.python, TEST.machine, TEST.system, *TEST.tables.values()):
        assert text in page
    for answer in TEST.answers:
        assert f"{answer.id}: {answer.case}" in page
        assert f'value="{answer.computed.value:.12g}"' in page
    assert "2026-01-05 12:30:00+01:00" in page
    assert TEST.disclaimer in page


def test_protocol_names_what_differs_and_says_not_to_use():
    page = protocol(failing(), MADE)
    assert f"<b>1 of {len(TEST.answers)} known answers NOT reproduced.</b> Do not use" in page
    assert "<li><bdi>decay, decay constant</bdi></li>" in page
    assert page.count("DIFFERS") == 1


def test_protocol_shows_a_value_that_is_not_a_number():
    page = protocol(failing(computed=None, difference=None), MADE)
    assert page.count("not a number") == 2


def test_protocol_depends_on_the_test_and_the_time_alone():
    assert protocol(TEST, MADE) == protocol(selftest(MADE.date()), MADE)


def test_policy_of_the_protocol_allows_its_own_style_only():
    page = html.unescape(protocol(TEST, MADE))
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'none'" in page


@pytest.mark.slow
@pytest.mark.parametrize(
    "test",
    [TEST, failing(case=HOSTILE, difference=Amount(-1.5, "1/h"))],
    ids=["passed", "failed"],
)
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_protocol_in_a_browser_fits_and_is_accessible(browser, tmp_path, test, width, scheme):
    path = tmp_path / "protocol.html"
    write_protocol(test, path, MADE)
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
    )
    page, noise, requests = context.new_page(), [], []
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(f"{error}"))
    page.on("request", lambda made: requests.append(made.url))
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    table = page.locator("[aria-label='Known answers in numbers']")
    wide = table.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert wide or width == 360  # the verdicts of the answers are visible without scrolling
    assert page.evaluate("window.harmed === undefined")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert (noise, requests) == ([], [path.as_uri()])
    sheets = [s.extract_text() for s in PdfReader(io.BytesIO(page.pdf(format="A4"))).pages]
    assert "Signature" in sheets[0]
    assert len(sheets) <= 5  # 88 answers, their sources and the hashes of all tables
    assert TEST.tables["known_answers"][:20] in "".join(sheets).replace("\n", "")
    context.close()


@pytest.mark.slow
def test_protocol_as_pdf_has_the_result_on_its_first_sheet(tmp_path):
    write_protocol(TEST, tmp_path / "protocol.pdf", MADE)
    first = PdfReader(tmp_path / "protocol.pdf").pages[0].extract_text()
    assert "all reproduced" in first
    assert "Signature" in first
