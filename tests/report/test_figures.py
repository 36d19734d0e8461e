"""Figures: complete, readable, reproducible."""

import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from report_plans import FILES, ROOT, plan_of

import dosimetry
from dosimetry import InputError
from dosimetry.report.curve_points import activity_over, residuals
from dosimetry.report.figures import embedded, file_of, pictures, settings
from dosimetry.report.figures.curves import LOOKS, panels

pytestmark = pytest.mark.slow

every = pytest.mark.parametrize("name", [*FILES, "hostile"])


def drawn(picture, size):
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=100)
    picture.draw(figure)
    FigureCanvasAgg(figure).draw()
    return figure


def texts(figure):
    found = [text for axes in figure.axes for text in shown_texts(axes)]
    return [text for text in [*found, *figure.texts] if text.get_text().strip()]


def shown_texts(axes):
    found = list(axes.texts)
    if axes.axison:
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_visible():
                found += [axis.label, *(tick.label1 for tick in axis.get_major_ticks())]
    return found


@every
def test_no_text_of_a_picture_is_cut_or_covered_by_another(name):
    with settings():
        for picture in pictures(plan_of(name)):
            for size in picture.sizes:
                figure = drawn(picture, size)
                boxes = [(t.get_text(), t.get_window_extent()) for t in texts(figure)]
                for text, box in boxes:
                    where = (picture.name, size, text)
                    assert box.x0 >= -0.5, where
                    assert box.y0 >= -0.5, where
                    assert box.x1 <= figure.bbox.width + 0.5, where
                    assert box.y1 <= figure.bbox.height + 0.5, where
                for i, (text, box) in enumerate(boxes):
                    for other, its in boxes[i + 1 :]:
                        apart = (
                            box.x1 <= its.x0 + 0.5
                            or its.x1 <= box.x0 + 0.5
                            or box.y1 <= its.y0 + 1.5
                            or its.y1 <= box.y0 + 1.5
                        )
                        assert apart, (picture.name, size, text, other)


@every
def test_the_title_of_a_picture_in_a_file_is_whole(name):
    for picture in pictures(plan_of(name)):
        figure = dosimetry.report.figure(plan_of(name), picture.name)
        FigureCanvasAgg(figure).draw()
        (title,) = [
            text for part in (figure, *figure.subfigs) for text in part.texts
            if text.get_text() == picture.title
        ]  # fmt: skip
        assert title.get_window_extent().x1 <= figure.bbox.width, picture.name


@every
def test_a_picture_is_clean_svg_in_a_file_and_in_a_page(name):
    for picture, svgs in embedded(pictures(plan_of(name))):
        for svg in svgs:
            root = ET.fromstring(svg)
            assert root.get("viewBox")
            assert all("style" not in node.attrib for node in root.iter())
        alone = ET.fromstring(file_of(picture, "svg"))
        assert alone.find("{http://www.w3.org/2000/svg}title").text == picture.title


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_a_picture_is_the_same_bytes_every_time(kind):
    for picture in pictures(plan_of("two cycles")):
        assert file_of(picture, kind) == file_of(picture, kind)


def test_picture_does_not_depend_on_earlier_pictures():
    found = pictures(plan_of("two cycles"))
    one_by_one = [next(embedded([picture]))[1] for picture in found]
    assert [svgs for _, svgs in embedded(found)] == one_by_one


def test_picture_of_the_readme_matches_its_example():
    (limits,) = [one for one in pictures(plan_of("two cycles")) if one.name == "limits"]
    shown = (ROOT / "docs" / "figures" / "two_cycles_limits.svg").read_bytes()
    assert file_of(limits, "svg") == shown


def test_both_kidneys_differ_in_colour_marker_line_and_fill():
    (left_colour, left), (right_colour, right) = LOOKS
    assert left_colour != right_colour
    assert left["marker"] != right["marker"]
    assert left["ls"] != right["ls"]
    assert right["mfc"] == "none"
    figure = dosimetry.report.figure(plan_of("one cycle"), "curves")
    axes = next(a for a in figure.subfigs[0].axes if a.get_label() == "activity")
    said = {text.get_text() for text in axes.texts}
    assert {"left (uptake)", "right (uptake)"} <= said


def test_kidney_style_does_not_depend_on_the_file_order():
    order = [curve.region for curve in plan_of("another agent").curves]
    assert order.index("kidney_right") < order.index("kidney_left")
    for name in ("one cycle", "another agent"):
        kidneys = panels(plan_of(name))[0].curves
        assert [curve.region for curve in kidneys] == ["kidney_left", "kidney_right"]


def test_axes_have_units():
    figure = dosimetry.report.figure(plan_of("two cycles"), "curves")
    for part in figure.subfigs:
        said = {text.get_text() for axes in part.axes for text in axes.texts}
        assert "activity [MBq]" in said
        assert "time after the administration [h]" in said


def test_a_group_of_pictures_is_one_figure():
    labs = dosimetry.report.figure(plan_of("toxicity"), "labs")
    said = {text.get_text() for part in labs.subfigs for text in texts(part)}
    assert {"platelets [10⁹/L]", "haemoglobin [g/dL]", "creatinine [µmol/L]"} <= said
    assert {"grade 1", "grade 2", "grade 3"} <= said
    (limits,) = dosimetry.report.figure(plan_of("toxicity"), "limits").subfigs
    assert "limit 23 Gy" in {text.get_text() for text in texts(limits)}


def test_figure_leaves_matplotlib_settings_unchanged():
    before = dict(mpl.rcParams)
    dosimetry.report.figure(plan_of("two cycles"), "limits")
    assert dict(mpl.rcParams) == before


def test_an_unknown_picture_is_refused_with_the_nearest_one():
    with pytest.raises(InputError, match="limits"):
        dosimetry.report.figure(plan_of("one cycle"), "limit")


@pytest.mark.parametrize("name", [name for name in FILES if name != "population"])
def test_drawn_band_matches_the_fit(name):
    for curve in plan_of(name).curves:
        far = residuals(curve)
        # a typical curve of the posterior, within about one sd for each of three parameters
        assert np.sum(far**2) <= curve.chi2 + 4.0
        times = np.linspace(0, 20 * curve.effective_half_life.value, 200_001)
        activity, sd = activity_over(curve, times)
        tail = activity[-1] * curve.effective_half_life.value / np.log(2)
        assert np.trapezoid(activity, times) + tail == pytest.approx(curve.tia.value, rel=2e-3)
        assert sd is None or np.nanmin(sd) >= 0  # nan later than the band
