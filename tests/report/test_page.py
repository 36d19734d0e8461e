"""A report as a file: no external resource, no script, accessible, reproducible."""

import base64
import hashlib
import itertools
import re
import subprocess
import sys

import pytest
from report_plans import FILES, HOSTILE, MADE, ROOT, page_of, plan_of, read

from dosimetry.report.figures.style import DARK
from dosimetry.report.page import document

pytestmark = pytest.mark.slow  # whole plans and pages

every = pytest.mark.parametrize("name", [*FILES, "hostile"])
SCRIPTED = {"script", "iframe", "object", "embed", "link", "base", "form", "img", "image", "a"}


@every
def test_report_has_no_script_and_no_external_resource(name):
    for tag, attributes in read(name).elements:
        assert tag not in SCRIPTED
        for attribute, value in attributes.items():
            assert not attribute.startswith("on")
            assert attribute != "style"
            if attribute in ("href", "src", "xlink:href"):
                assert value.startswith("#")
    assert "url(http" not in page_of(name)
    assert "@import" not in page_of(name)


@every
def test_content_policy_allows_only_its_own_style_sheet(name):
    page = page_of(name)
    (policy,) = (
        attributes["content"]
        for tag, attributes in read(name).elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in policy
    assert page.index("Content-Security-Policy") < page.index("<style>")


@every
def test_ids_are_unique_and_every_reference_resolves(name):
    elements = read(name).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    used = {value[1:] for _, a in elements for key, value in a.items() if key == "href"}
    used |= {
        found
        for _, a in elements
        for value in a.values()
        for found in re.findall(r"url\(#([^)]+)\)", value or "")
    }
    used |= {a["aria-labelledby"] for _, a in elements if "aria-labelledby" in a}
    assert used <= set(ids)


@every
def test_headings_descend_one_step_at_a_time(name):
    levels = [int(tag[1]) for tag, _ in read(name).elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@every
def test_every_picture_has_words_and_numbers(name):
    elements = read(name).elements
    pictures = [a["aria-label"] for tag, a in elements if a.get("role") == "img"]
    assert len(pictures) == len([tag for tag, _ in elements if tag == "figure"]) >= 2
    assert all(len(words) > 40 for words in pictures)
    tables = [tag for tag, _ in elements if tag == "table"]
    assert len(tables) > len(pictures)


def test_the_same_plan_and_time_give_the_same_bytes():
    assert document.html(plan_of("two cycles"), MADE) == page_of("two cycles")


@pytest.mark.slow
def test_another_process_gives_the_same_bytes(tmp_path):
    written = []
    for number in "12":
        target = tmp_path / f"{number}.html"
        subprocess.run(
            [
                *(sys.executable, "-c", "from dosimetry.cli.program import main; main()", "plan"),
                *("examples/snmmi_patient4.yaml", "--report", target, "--quiet"),
                *("--as-of", "2026-01-20"),
            ],
            cwd=ROOT,
            env={
                "SOURCE_DATE_EPOCH": "1767612600",
                "PYTHONHASHSEED": number,
                "HOME": str(tmp_path),
            },
            check=True,
        )
        written.append(target.read_bytes())
    assert written[0] == written[1]
    assert b"2026-01-05 11:30:00+00:00" in written[0]


def test_hostile_text_is_shown_as_text():
    said = "".join(read("hostile").text)
    assert HOSTILE[:60] in said
    assert "x" * 10_000 in said
    assert "{{ 7 * 7 }}" in said
    assert "\x00" not in page_of("hostile")
    assert "\x1b" not in page_of("hostile")


def test_a_report_of_four_cycles_and_eight_regions_is_small():
    curves = plan_of("four cycles").curves
    assert len(curves) == 4 * 8
    assert len(page_of("four cycles").encode()) < 1_500_000


@pytest.mark.parametrize("ground", ["#fdfdfc", "#16181b"])
def test_colours_contrast_with_their_background(ground):
    dark = ground != "#fdfdfc"
    soft = {"#b9bec6", "#eef0f3", "#9cc2e4"}  # rules and fills, which say nothing alone
    for light, other in DARK.items():
        if light not in soft:
            assert contrast(other if dark else light, ground) >= 4.5, light


def contrast(one, other):
    """Contrast ratio of two colours as WCAG 2 defines it."""
    lights = sorted((luminance(one), luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
