"""The planner in a real browser: with the keyboard, without JavaScript, in every look."""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from running_planner import Planner, command

pytestmark = pytest.mark.slow

EXAMPLE = "examples/snmmi_patient4.yaml"
SCREENS = ("patient", "measurements", "curves", "plan", "label", "export")
KEYS = 12


@pytest.fixture(scope="module")
def planner():
    """A planner that runs in a process of its own."""
    running = Planner(EXAMPLE)
    yield running
    running.end()


@pytest.fixture(scope="module")
def session(browser, planner):
    """Address of a session with the example, for tests that do not change the patient."""
    page = browser.new_page()
    page.goto(planner.start)
    address = page.url.removesuffix("/plan")
    page.close()
    return address


@pytest.fixture
def tab(browser, planner, session):
    """Return a function that opens a tab; what it asked for and said is checked at the end."""
    contexts, requests, noise = [], [], []

    def begin(address=session, width=1280, scheme="light", scripts=True):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme,
            java_script_enabled=scripts,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: noise.append(message.text))
        page.on("pageerror", lambda error: noise.append(f"{error}"))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"{planner.start}&new=yes")
        if address:
            page.goto(f"{address}/export")
        return page

    begin.noise = noise
    yield begin
    for context in contexts:
        context.close()
    assert noise == []
    assert [url for url in requests if not url.startswith(f"{planner.origin}/")] == []


def opened(page, name):
    """Open an example with its measurements."""
    files = [
        f"examples/{name}.yaml",
        *(f"{path}" for path in Path("examples").glob(f"{name}*.csv")),
    ]
    page.set_input_files("#files", files)
    page.get_by_role("button", name="Open").click()
    return page


def screen(page, name):
    """Open another screen of the session."""
    page.goto(f"{re.match(r'.*/s/[^/]+/', page.url)[0]}{name}")


def answered(page, activity):
    """Wait until the answer belongs to an activity."""
    page.wait_for_function(
        """wanted => {
            const inputs = new URLSearchParams(document.getElementById('answer').dataset.inputs);
            return inputs.get('activity') === wanted
                && !document.getElementById('answer').hasAttribute('data-stale');
        }""",
        arg=activity,
    )


def numbers(page):
    """Return the numbers on a page by their place in the JSON document and their role."""
    return {
        (place, role): float(value)
        for place, role, value in page.evaluate(
            """[...document.querySelectorAll('[data-of] data')].map(
                one => [one.closest('[data-of]').dataset.of, one.className, one.value])"""
        )
    }


def numbers_of(plan):
    """Return the same numbers from the JSON document of a plan."""
    found = {}
    for flag in plan["flags"]:
        found[f"flags/{flag['limit']}/probability", "probability"] = flag["probability"]
        found[f"flags/{flag['limit']}/value", "value"] = flag["value"]["value"]
    for cycle in plan["cycles"]:
        found[f"cycles/{cycle['number']}/activity", "value"] = cycle["activity"]["value"]
        for dose in cycle["regions"]:
            place = f"cycles/{cycle['number']}/{dose['region']}/absorbed_dose"
            for role in ("value", "sd"):
                found[place, role] = dose["absorbed_dose"][role]
    for dose in plan["cumulative"]:
        for quantity in ("absorbed_dose", "bed", "eqd2"):
            held = dose[quantity] or {}
            for role in ("value", "sd", "p5", "p95"):
                if role in held:
                    found[f"cumulative/{dose['region']}/{quantity}", role] = held[role]
    return found


def saved(page, name):
    """Return the text of an exported document."""
    response = page.request.get(f"{re.match(r'.*/s/[^/]+/', page.url)[0]}export/{name}")
    assert response.ok
    return response.text()


def test_course_is_played_with_the_keyboard_alone(tab):
    page = tab("")

    def to(selector):
        for _ in range(150):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        pytest.fail(f"the keyboard does not reach {selector}")

    to("form[action='/new'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/patient")
    for name, typed in (("patient.id", "KEY-1"), ("patient.sex", "f"), ("patient.age", "61"),
                        ("therapy.regimen", "n"), ("therapy.start", "2026-12-01")):  # fmt: skip
        to(f"[name='{name}']")
        page.keyboard.type(typed)
    page.keyboard.press("Enter")
    page.wait_for_url("**/patient?taken=yes")
    assert page.get_by_role("status").inner_text().startswith("No problem found.")
    to("nav a[href$='/plan']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer")
    to("#activity")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    answered(page, "7")  # 7.4 GBq less four steps of 0.1
    assert "7 GBq per cycle to come" in page.locator("#echo").inner_text()
    patient = saved(page, "patient.yaml")
    assert "age: 61 year" in patient
    assert json.loads(saved(page, "plan.json"))["cycles"][0]["activity"]["value"] == 7.0


def test_course_is_played_without_javascript(tab, planner):
    page = tab("", scripts=False)
    opened(page, "snmmi_patient4").get_by_role("link", name="Plan", exact=True).click()
    page.select_option("#strategy", "adjusted")
    page.fill("#cycles", "3")
    page.get_by_role("button", name="Calculate").click()
    echo = page.locator("#echo").inner_text()
    assert "3 cycles in all" in echo
    assert "activity adjusted to limits" in echo
    assert page.locator("#limits svg").count() == 2  # the picture, for wide and for narrow screens
    assert page.locator("#ways-title").is_visible()
    options = json.loads(saved(page, "plan.json"))
    assert (options["strategy"], options["options"]["cycles"]) == ("adjusted", 3)
    for name in ("measurements", "curves", "label"):
        screen(page, name)
        assert page.locator("nav a[aria-current]").count() == 1


def test_numbers_on_the_screen_equal_those_of_the_command(tab, tmp_path):
    page = tab()
    screen(page, "plan?strategy=fixed")
    patient = tmp_path / "patient.yaml"
    patient.write_text(saved(page, "patient.yaml"), encoding="utf-8")
    printed = command("plan", patient, "--format", "json", "--activity", "6.9 GBq")
    page.locator("#activity").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    answered(page, "6.9")
    expected = numbers_of(json.loads(printed))
    shown = {place: value for place, value in numbers(page).items() if place in expected}
    assert len(shown) > 50
    assert shown == {place: pytest.approx(expected[place], rel=1e-11) for place in shown}
    text = json.loads(saved(page, "plan.json"))
    assert text["flags"] == json.loads(printed)["flags"]


def test_rapid_keys_end_on_the_last_value(tab):
    page = tab()
    screen(page, "plan?strategy=fixed")
    page.locator("#activity").focus()
    for _ in range(KEYS):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(25)
    answered(page, "6.2")  # 7.4 GBq less twelve steps of 0.1
    page.wait_for_timeout(400)  # an answer that comes late would replace it now
    answered(page, "6.2")
    assert page.locator("output[for=activity]").inner_text() == "6.2 GBq"
    assert numbers(page)["cycles/2/activity", "value"] == 6.2
    page.wait_for_selector("#answer .later svg")
    assert page.locator("#answer .later table").count() == 1


def test_two_tabs_with_two_patients_never_mix(tab):
    one, other = tab(), tab("")
    screen(opened(other, "nothing_measured"), "plan?activity=5")
    screen(one, "plan?strategy=fixed")
    assert "7.4 GBq per cycle" in one.locator("#echo").inner_text()
    assert "5 GBq per cycle" in other.locator("#echo").inner_text()
    ids = [json.loads(saved(page, "plan.json"))["patient"]["id"] for page in (one, other)]
    assert ids == ["SNMMI-4", "NEW-001"]
    assert one.url.split("/")[4] != other.url.split("/")[4]


def test_measurements_are_shown_before_they_are_accepted(tab):
    page = opened(tab(""), "snmmi_patient4")
    screen(page, "measurements")
    page.set_input_files("#file", "examples/two_cycles_1.csv")
    page.get_by_label("No: as measured").check()
    page.get_by_role("button", name="Read and show").click()
    assert page.locator(".waiting tbody tr").count() == 12  # lines of the file
    assert "tumour_1" not in saved(page, "patient.yaml")
    page.get_by_role("button", name="Accept: these are all").click()
    assert saved(page, "patient.yaml").count("region: tumour_1") == 4


def test_saving_takes_over_what_was_typed(tab):
    page = tab("")
    page.get_by_role("button", name="New patient").click()
    page.fill("[name='patient.id']", "HALF-1")  # a file half filled in can be saved too
    with page.expect_download() as download:
        page.get_by_role("button", name="Take over and save as YAML").click()
    assert download.value.suggested_filename == "HALF-1.yaml"
    assert "id: HALF-1" in download.value.path().read_text(encoding="utf-8")


def test_model_of_a_region_is_fitted_on_request(tab):
    page = opened(tab(""), "snmmi_patient4")
    screen(page, "curves")
    page.select_option("#model-1-kidney_left", "trapezoid")
    page.get_by_role("button", name="Fit with these models").click()
    page.wait_for_selector("figure")
    curves = json.loads(saved(page, "plan.json"))["curves"]
    assert [curve["model"] for curve in curves if curve["region"] == "kidney_left"] == ["trapezoid"]


def test_label_is_not_green_while_a_value_is_unchecked(tab):
    page = tab()
    screen(page, "label")
    assert page.locator("section:has(#unchecked) li").count() >= 1
    assert page.locator(".said.good").count() == 0


LOOKS = [(1280, "light", SCREENS), (360, "dark", ("patient", "plan", "label"))]


@pytest.mark.parametrize(("width", "scheme", "screens"), LOOKS)
def test_axe_finds_no_violation(tab, width, scheme, screens):
    page = tab(width=width, scheme=scheme)
    axe = Axe()
    for name in screens:
        screen(page, name)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        found = axe.run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def test_axe_finds_no_violation_among_errors(tab):
    page = tab("")
    page.get_by_role("button", name="New patient").click()
    page.get_by_role("button", name="Take over and check").click()
    assert page.locator("[aria-invalid]").count() == 3  # pseudonym, sex, regimen
    assert page.locator("[role=alert] li").count() == 3
    assert Axe().run(page).violations_count == 0
    screen(page, "plan?strategy=fixed")
    assert page.locator("[role=alert] li").count() == 3
    assert Axe().run(page).violations_count == 0
    assert all("422" in said for said in tab.noise)
    tab.noise.clear()  # a browser notes every refusal
