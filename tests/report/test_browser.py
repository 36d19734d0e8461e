"""A report in a real browser: no errors, visible, within the width, accessible, printable."""

import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from pypdf import PdfReader
from report_plans import FILES, page_of, plan_of

from dosimetry.report.figures import pictures

pytestmark = pytest.mark.slow

every = pytest.mark.parametrize("name", [*FILES, "hostile"])
WIDTHS = (360, 1280)


@pytest.fixture
def opened(browser, tmp_path, request):
    """Return a function that opens a report from disk and records what it does."""
    contexts = []

    def show(name, width=1280, scheme="light"):
        path = tmp_path / f"report-{len(contexts)}.html"
        path.write_text(page_of(name), encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.noise = []
        page.on("console", lambda message: page.noise.append(message.text))
        page.on("pageerror", lambda error: page.noise.append(f"{error}"))
        page.on("dialog", lambda dialog: page.noise.append(dialog.message))
        page.requests = []
        page.on("request", lambda made: page.requests.append(made.url))
        page.goto(path.as_uri())
        assert page.requests == [path.as_uri()]
        return page

    yield show
    for context in contexts:
        context.close()


@every
@pytest.mark.parametrize("width", WIDTHS)
def test_report_has_no_console_error_and_fits_the_width(opened, name, width):
    page = opened(name, width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = page.evaluate(
        """[...document.querySelectorAll('[role=img]')].map(picture =>
            [...picture.querySelectorAll('svg')].map(svg => svg.getBoundingClientRect())
                .filter(box => box.width > 0)
                .map(box => [box.left, box.right, box.width, box.height]))"""
    )
    assert len(found) == len(pictures(plan_of(name)))
    for shown in found:
        ((left, right, wide, high),) = shown  # one size of each picture is seen
        assert left >= 0
        assert right <= width
        assert wide > 200
        assert high > 60
    assert page.noise == []
    assert len(page.requests) == 1


@every
def test_hostile_text_of_a_report_does_not_run(opened, name):
    page = opened(name)
    assert page.evaluate("window.harmed === undefined")
    assert page.evaluate("document.scripts.length") == 0
    assert page.evaluate("document.querySelectorAll('img, iframe, a').length") == 0
    assert page.evaluate("document.querySelector('h1 bdi').textContent.length") <= 60
    assert page.noise == []


@pytest.mark.parametrize("name", ["population", "two cycles", "toxicity", "hostile"])
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_axe_finds_no_violation(opened, name, width, scheme):
    page = opened(name, width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > 10


@pytest.mark.parametrize("name", ["two cycles"])
def test_keyboard_reaches_folded_sections_in_reading_order(opened, name):
    page = opened(name)
    page.evaluate("window.reached = []")
    for _ in range(12):
        page.keyboard.press("Tab")
        page.evaluate("window.reached.push(document.activeElement)")
    assert page.evaluate(
        """window.reached.every((one, i, all) => i === 0 ||
            all[i - 1].compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING)"""
    )
    assert page.evaluate("window.reached.some(one => one.tagName === 'SUMMARY')")
    summary = page.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert summary.evaluate("one => one.parentElement.open")


def test_dark_mode_changes_background_text_and_pictures(opened):
    shades = {}
    for scheme in ("light", "dark"):
        page = opened("two cycles", scheme=scheme)
        shades[scheme] = page.evaluate(
            """[getComputedStyle(document.body).backgroundColor,
                getComputedStyle(document.body).color,
                getComputedStyle(document.querySelector('#limits svg text')).fill,
                getComputedStyle(document.querySelector('#limits svg pattern path')).stroke]"""
        )
    assert all(a != b for a, b in zip(*shades.values(), strict=True))


PAGES = {
    "population": (8, 11),
    "two cycles": (11, 15),
    "four cycles": (22, 34),
}  # 34 on Letter, with the second calculation and what is doubtful


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize(("name", "expected"), PAGES.items())
def test_printed_report_splits_no_picture_over_pages(opened, name, expected, paper):
    page = opened(name)
    printed = PdfReader(io.BytesIO(page.pdf(format=paper)))
    sheets = [sheet.extract_text() for sheet in printed.pages]
    assert expected[0] <= len(sheets) <= expected[1]
    assert all(f"{i} / {len(sheets)}" in text for i, text in enumerate(sheets, start=1))
    assert all(len(text.split()) > 25 for text in sheets)  # no sheet that is all but empty
    width = float(printed.pages[0].mediabox.width)
    assert width == pytest.approx(595 if paper == "A4" else 612, abs=1)
    ends = ("delivered", "limit 2 Gy")  # of the first picture: its key, and its last row but one
    (sheet,) = [text for text in sheets if "Dose of the course and limits" in text]
    assert all(words in sheet for words in ends)
    whole = "\n".join(sheets)
    for curve in plan_of(name).curves:  # what is folded on a screen is open on paper
        assert f"{curve.points[0].activity.value:.3g}"[:3] in whole
    assert "SHA-256" in whole
    assert next(iter(plan_of(name).provenance.tables.values()))[:20] in whole.replace("\n", "")
