"""Plans for the report tests, the page of each, and its contents."""

import dataclasses
import datetime as dt
import functools
import html.parser
from pathlib import Path

import dosimetry
from dosimetry.documents.flags import Flags
from dosimetry.problems import Problem
from dosimetry.report.page import document

ROOT = Path(__file__).resolve().parents[2]
MADE = dt.datetime(2026, 1, 5, 12, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))
FILES = {
    "population": "examples/nothing_measured.yaml",
    "one cycle": "examples/snmmi_patient4.yaml",
    "another agent": "examples/psma_patient1.yaml",
    "two cycles": "examples/two_cycles.yaml",
    "toxicity": "examples/thrombocytopenia.yaml",
    "withheld": "examples/creatinine_rise.yaml",
    "four cycles": "benchmarks/four_cycles.yaml",
}
HOSTILE = (
    "<script>window.harmed = 1</script><img src=x onerror='window.harmed = 1'>\"'&amp;"
    "</title></style>\u202egnp.exe\u2066\u200f$x^2$ {{ 7 * 7 }} \x00\x1b[31m"
)


@functools.cache
def plan_of(name):
    if name == "hostile":
        return hostile()
    return dosimetry.plan(dosimetry.read_patient(ROOT / FILES[name]))


@functools.cache
def page_of(name):
    return document.html(plan_of(name), MADE)


def hostile():
    """Put hostile text wherever a patient file could: the id, regions, sources, warnings."""
    plan = plan_of("two cycles")
    long = HOSTILE + "x" * 10_000

    def renamed(entry):
        """Rename two regions as no file could, and the longer one only where it is a dose."""
        if entry.region == "liver":
            return dataclasses.replace(entry, region=f"{long}liver")
        if entry.region == "tumour_1":
            return dataclasses.replace(entry, region=f"{HOSTILE}tumour_1")
        return entry

    return dataclasses.replace(
        plan,
        patient=dataclasses.replace(plan.patient, id=long),
        therapy=dataclasses.replace(plan.therapy, description=HOSTILE, regimen=HOSTILE),
        cycles=tuple(
            dataclasses.replace(c, reason=HOSTILE, regions=tuple(map(renamed, c.regions)))
            for c in plan.cycles
        ),
        cumulative=tuple(map(renamed, plan.cumulative)),
        second_check=tuple(map(renamed, plan.second_check)),
        flags=Flags(
            dataclasses.replace(renamed(f), limit=f"{f.limit}{HOSTILE}", source=HOSTILE)
            for f in plan.flags
        ),
        warnings=(*plan.warnings, Problem(HOSTILE, HOSTILE, HOSTILE, HOSTILE)),
        assumptions=(*plan.assumptions, HOSTILE),
        provenance=dataclasses.replace(plan.provenance, inputs={HOSTILE: "0" * 64}),
    )


class Page(html.parser.HTMLParser):
    """Elements with their attributes, and the numbers by their place in the JSON document."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.numbers = {}
        self.words = {}
        self.text = []
        self._of = None
        self._number = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag == "td":
            self._of = attributes.get("data-of")
        if tag == "data":
            self._number = (self._of, attributes["class"], float(attributes["value"]))

    def handle_endtag(self, tag):
        if tag == "td":
            self._of = None

    def handle_data(self, data):
        self.text.append(data)
        if self._of is not None:
            self.words[self._of] = self.words.get(self._of, "") + data
        if self._number is not None:
            of, role, value = self._number
            if of is not None:
                self.numbers[of, role] = (value, data)
            self._number = None


@functools.cache
def read(name):
    return Page(page_of(name))
