"""Agents: spellings, the default agent, and the agents that the tables have data for."""

import pytest

from dosimetry import Patient
from dosimetry.reference import agents, label, regimens, tables

ROWS = tables.table("agents").rows


def agent_of(**therapy):
    given = {"patient": {"id": "T-1", "sex": "male"}, "therapy": {"regimen": "netter-1", **therapy}}
    return Patient.from_dict(given).therapy.radiopharmaceutical


@pytest.mark.parametrize(
    "spelling",
    [
        "177Lu-DOTATATE",
        "177lu dotatate",
        "[177Lu]Lu-DOTATATE",
        "Lu-177-DOTATATE",
        "177Lu-oxodotreotide",
        "lutetium (177Lu) oxodotreotide",
        "LUTATHERA",
    ],
)
def test_every_spelling_is_read_as_the_name_of_the_table(spelling):
    assert agent_of(radiopharmaceutical=spelling) == "177Lu-DOTATATE"
    assert agents.has_population(spelling)
    assert agents.has_label(spelling)


@pytest.mark.parametrize("name", ["177Lu-PSMA-617", "octreotide LAR", "DOTATATE", ""])
def test_an_agent_without_a_row_has_no_figures(name):
    assert agents.find(name) is None
    assert not agents.has_population(name)
    assert not agents.has_label(name)


def test_an_agent_without_a_row_keeps_its_name():
    assert agent_of(radiopharmaceutical="177Lu-PSMA-617") == "177Lu-PSMA-617"


def test_file_without_an_agent_uses_the_default_agent():
    assert agent_of() == agents.default().name == "177Lu-DOTATATE"


def test_the_default_agent_has_a_marrow_to_blood_ratio():
    # Forrer 2009: the same activity concentration in red marrow as in blood
    agent = agents.default()
    assert (agent.marrow_to_blood_ratio, agent.ratio_source) == (1.0, "Forrer 2009")


def test_the_regimen_of_the_label_gives_its_doses():
    # Lutathera US prescribing information: 7.4 GBq every 8 weeks (+/- 1 week), 4 doses
    agent = agents.of_label()
    assert regimens.regimen(agent.label_regimen).agent == agent.name
    assert (label.full_activity(), label.label_doses()) == (7.4, 4)
    assert label.earliest_interval() == 7 * 168


def test_one_agent_is_the_default_and_one_has_the_label():
    assert [row["default"] for row in ROWS].count("yes") == 1
    assert len([row for row in ROWS if row["label_regimen"]]) == 1
    assert {row[name] for row in ROWS for name in ("default", "population")} <= {"yes", "no"}


def test_no_spelling_names_two_agents():
    spellings = [
        agents.letters_and_digits(name)
        for row in ROWS
        for name in (row["agent"], *filter(None, row["other_names"].split(";")))
    ]
    assert len(spellings) == len(set(spellings))
    assert all(spellings)


def test_every_ratio_has_its_source():
    assert all(bool(row["marrow_to_blood_ratio"]) == bool(row["ratio_source"]) for row in ROWS)
