"""Random courses: invariants of the dose-modification rules for any values, events and doses."""

import datetime as dt
import itertools

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from labelled_course import FIRST, course, planned

from dosimetry.patient.times import day
from dosimetry.planning.assemble_clinic import clinical_course, labs_of
from dosimetry.planning.schedule import programme

pytestmark = pytest.mark.slow

FULL, REDUCED = 7.4, 3.7  # GBq, US prescribing information
LONGEST = 112  # days, US prescribing information
CYCLES, EIGHT_WEEKS = 6, 56

# Values well inside and outside of every rule; None: not measured.
VALUES = {
    "platelets": ["212 1e9/L", "90 1e9/L", "60 1e9/L", "20000 /uL"],
    "neutrophils": ["3.9 1e9/L", "1.2 1e9/L", "0.7 1e9/L"],
    "lymphocytes": ["1.5 1e9/L", "0.1 1e9/L"],
    "leukocytes": ["6 1e9/L", "1.5 1e9/L"],
    "haemoglobin": ["13 g/dL", "90 g/L", "7.5 g/dL"],
    "creatinine": ["80 umol/L", "100 umol/L", "130 umol/L", "2.4 mg/dL"],
    "bilirubin": ["11 umol/L", "70 umol/L"],
    "albumin": ["41 g/L", "28 g/L"],
    "prothrombin_ratio": ["95 %", "60 %"],
}
samples = st.fixed_dictionaries(
    {name: st.one_of(st.none(), st.sampled_from(values)) for name, values in VALUES.items()}
)
mostly_healthy = st.one_of(
    st.just({name: values[0] for name, values in VALUES.items()}), samples, samples
)


class Histories(RuleBasedStateMachine):
    """A course that grows by a sample, an adverse event or a dose at a time."""

    @initialize(own_interval=st.sampled_from(["6 week", "8 week", "12 week", "18 week"]))
    def begin(self, own_interval):
        self.regimen = {"activity": "7.4 GBq", "cycles": CYCLES, "interval": own_interval}
        self.doses, self.labs, self.events = [], [], []
        self.now = FIRST - dt.timedelta(days=10)
        self.transitions, self.values, self.stopped = (), (), False
        self.look()

    def look(self):
        patient = (
            course(
                self.doses, self.labs, self.events, regimen=self.regimen, start=FIRST.isoformat()
            )
            if not self.doses
            else course(self.doses, self.labs, self.events, regimen=self.regimen)
        )
        given = [dose.administered.value / 1000 for dose in patient.cycles]
        self.patient = patient
        self.found = clinical_course(patient, programme(patient), given, CYCLES, ())
        self.label = self.found.answer(len(self.found.slots))

    @rule(days=st.integers(1, 60), values=mostly_healthy)
    def sample(self, days, values):
        self.now += dt.timedelta(days=days)
        measured = {name: value for name, value in values.items() if value}
        self.labs.append({"at": self.now.isoformat(), **measured})
        self.look()

    @rule(
        days=st.integers(1, 40),
        term=st.sampled_from(["nausea", "nausea", "nausea", "seizure", "MDS", "anaphylaxis"]),
        grade=st.integers(0, 4),
        ends=st.sampled_from([None, None, "no", "yes"]),
    )
    def event(self, days, term, grade, ends):
        self.now += dt.timedelta(days=days)
        found = {"at": self.now.isoformat(), "term": term, "grade": grade}
        if term == "nausea" or (term, ends) == ("anaphylaxis", "no"):
            ends = None  # a no to what the label stops is refused
        self.events.append(found if ends is None else {**found, "ends_treatment": ends})
        self.look()

    @invariant()
    def never_a_dose_while_a_question_is_open(self):
        if self.label.questions:
            assert self.label.activity is None
            assert self.label.answer == "withhold"

    @invariant()
    def never_a_dose_after_severe_hypersensitivity(self):
        first = self.doses[0]["at"] if self.doses else "9999"
        if any(
            e["term"] == "anaphylaxis" and e["grade"] > 2 and e["at"] > first for e in self.events
        ):
            assert self.label.state == "stopped"

    @rule(days=st.integers(1, 130), follow=st.booleans(), activity=st.sampled_from([3.7, 7.4]))
    def dose(self, days, follow, activity):
        """Give the next dose as the label has it, or at any time against it."""
        if len(self.doses) == CYCLES - 1:
            return
        if follow and self.label.earliest:
            self.now = max(self.now, dt.date.fromisoformat(self.label.earliest))
            activity = self.label.activity.value
        else:
            self.now += dt.timedelta(days=days)
        self.doses.append({"administered": f"{activity} GBq", "at": self.now.isoformat()})
        self.now += dt.timedelta(days=1)  # a sample of the day of a dose would be before it
        self.look()

    @invariant()
    def never_more_than_the_full_dose(self):
        if self.label.activity is not None:
            assert self.label.activity.value in (REDUCED, FULL)
        for transition in self.label.transitions:
            assert transition.reason

    @invariant()
    def never_a_dose_while_withheld(self):
        planned_numbers = [slot.number for slot in self.found.slots if slot.status == "planned"]
        if self.label.answer in ("withhold", "stop", "not-eligible"):
            assert planned_numbers == []
            assert self.label.activity is None
        for slot in self.found.slots:
            assert slot.status == "planned" or slot.reason

    @invariant()
    def never_an_interval_over_sixteen_weeks_without_a_stop(self):
        days = [day(cycle.at) for cycle in self.patient.cycles]
        gaps = [(after - before).days for before, after in itertools.pairwise(days)]
        if any(gap > LONGEST for gap in gaps):
            assert self.label.state == "stopped"
        days += [slot.at for slot in self.found.slots if slot.status == "planned"]
        to_come = itertools.pairwise(days[len(gaps) :])
        assert all((after - before).days <= LONGEST for before, after in to_come)

    @invariant()
    def stopped_is_final(self):
        was = self.stopped
        self.stopped = any(t.state == "stopped" for t in self.label.transitions)
        assert self.stopped or not was
        if self.stopped:
            assert self.label.answer in ("stop", "complete")

    @invariant()
    def what_was_said_before_never_changes(self):
        """A later sample, event or dose adds transitions and values, and changes none."""
        before, self.transitions = self.transitions, self.label.transitions
        assert self.transitions[: len(before)] == before
        before, self.values = (
            self.values,
            tuple((lab.at, lab.analyte, lab.grade, lab.change) for lab in labs_of(self.found.seen)),
        )
        assert self.values[: len(before)] == before

    def teardown(self):
        if hasattr(self, "label") and self.labs:
            start = {} if self.doses else {"start": FIRST.isoformat()}
            made = planned(self.doses, self.labs, self.events, regimen=self.regimen, **start)
            assert made.label == self.label
            assert all(c.activity.value <= FULL for c in made.cycles if c.activity)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=60, stateful_step_count=14, deadline=None, derandomize=True
)
