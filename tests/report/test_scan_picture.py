"""The picture of scan times, alone and on the page."""

import functools
import xml.etree.ElementTree as ET

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from report_plans import MADE, ROOT, Page, plan_of

import dosimetry
from dosimetry.report.figures import embedded, file_of, pictures, settings
from dosimetry.report.figures.scans import pictures as scan_pictures
from dosimetry.report.page import document
from dosimetry.report.page.files import write_report

pytestmark = pytest.mark.slow

FILES = {"population": "nothing_measured", "two cycles": "two_cycles"}
every = pytest.mark.parametrize("name", FILES)


@functools.cache
def scans_of(name, budget=3):
    return dosimetry.scans(ROOT / "examples" / f"{FILES[name]}.yaml", budget=budget)


@functools.cache
def page_of(name):
    return document.html(plan_of(name), MADE, scans=scans_of(name))


def axes_of(picture):
    from matplotlib.figure import Figure

    figure = Figure(figsize=picture.sizes[0], dpi=100)
    with settings():
        picture.draw(figure)
        FigureCanvasAgg(figure).draw()
    return figure, {axes.get_label(): axes for axes in figure.axes}


@every
def test_picture_draws_the_sd_of_one_scan_in_percent(name):
    for picture, region in zip(scan_pictures(scans_of(name)), scans_of(name).regions, strict=True):
        line = axes_of(picture)[1]["scans"].lines[0]
        assert list(line.get_xdata()) == [one.times[0].value for one in region.one_scan]
        assert list(line.get_ydata()) == pytest.approx([100 * o.sd for o in region.one_scan])


@every
def test_picture_marks_the_best_schedules_at_their_times(name):
    for picture, region in zip(scan_pictures(scans_of(name)), scans_of(name).regions, strict=True):
        marks = axes_of(picture)[1]["scans"].lines[1:]
        for line, best in zip(marks, region.best, strict=True):
            assert list(line.get_xdata()) == [time.value for time in best.times]
            assert list(line.get_ydata()) == pytest.approx([100 * best.sd] * best.scans)


@pytest.mark.parametrize("budget", [1, 3, 6])
def test_no_text_of_the_picture_is_cut_or_covered(budget):
    for picture in scan_pictures(scans_of("population", budget)):
        figure, parts = axes_of(picture)
        scans = parts["scans"]
        found = [*parts["key"].texts, scans.xaxis.label, scans.yaxis.label]
        for axis in (scans.xaxis, scans.yaxis):
            found += [tick.label1 for tick in axis.get_major_ticks()]
        boxes = [text.get_window_extent() for text in found if text.get_text()]
        for i, box in enumerate(boxes):
            assert box.x0 >= 0
            assert box.y0 >= 0
            assert box.x1 <= figure.bbox.width
            assert box.y1 <= figure.bbox.height
            assert not any(box.shrunk(0.95, 0.95).overlaps(other) for other in boxes[i + 1 :])


def test_axes_have_units():
    _, parts = axes_of(scan_pictures(scans_of("population"))[0])
    assert parts["scans"].get_xlabel() == "time after the administration [h]"
    assert parts["scans"].get_ylabel() == "expected sd [%]"


def test_description_says_what_the_picture_shows():
    (picture,) = scan_pictures(scans_of("population"))
    assert "of the kidneys in cycle 1, in percent" in picture.alt
    assert "One scan: 72 h gives 9.9 %." in picture.alt


def test_plan_without_scans_has_no_such_picture():
    assert "scans" not in {picture.group for picture in pictures(plan_of("two cycles"))}
    assert 'id="scans"' not in document.html(plan_of("two cycles"), MADE)


@every
def test_picture_is_clean_svg_in_a_file_and_in_a_page(name):
    for picture, svgs in embedded(scan_pictures(scans_of(name))):
        for svg in svgs:
            assert all("style" not in node.attrib for node in ET.fromstring(svg).iter())
        assert file_of(picture, "svg") == file_of(picture, "svg")


@every
def test_page_has_the_picture_with_its_description_and_numbers(name):
    page, scans = page_of(name), scans_of(name)
    labels = [own.get("aria-label", "") for _, own in Page(page).elements]
    for picture in scan_pictures(scans):
        assert picture.alt in labels
    text = " ".join("".join(Page(page).text).split())
    assert f"Scans of cycle {scans.cycle}" in text
    for region in scans.regions:
        assert f"Scan schedules: {region.region}" in text
        assert "verdict wrong with probability" in text


def test_report_of_a_command_has_the_scans_of_the_next_cycle(tmp_path):
    from command_line import run

    target = tmp_path / "plan.html"
    done = run("plan", "examples/nothing_measured.yaml", "--quiet", "--report", target)
    assert done.returncode == 0
    assert "Scans of cycle 1" in target.read_text(encoding="utf-8")


def test_written_report_has_the_scans_it_is_given(tmp_path):
    target = tmp_path / "plan.html"
    write_report(plan_of("population"), target, MADE, quiet=True, scans=scans_of("population"))
    assert "Scans of cycle 1" in target.read_text(encoding="utf-8")
