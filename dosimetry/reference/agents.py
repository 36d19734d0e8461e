"""Agents: spellings of their names, and agents with figures in the tables.

What is known of an agent is a row of table ``agents``; no other place names one.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from dosimetry.reference.tables import table


@dataclass(frozen=True)
class Agent:
    """A radiopharmaceutical of table ``agents``.

    Attributes
    ----------
    name : str
    population : bool
        Whether doses per activity, half-lives and variability of the tables are of its patients.
    label_regimen : str
        Regimen of the label whose rules the tables hold; empty where they hold none of the agent.
    marrow_to_blood_ratio : float or None
        Of activity concentrations.
    ratio_source : str
    """

    name: str
    population: bool
    label_regimen: str
    marrow_to_blood_ratio: float | None
    ratio_source: str


def letters_and_digits(name: str) -> str:
    """Return a name without the signs in which spellings differ.

    Examples
    --------
    >>> letters_and_digits("[177Lu]Lu-DOTATATE")
    '177luludotatate'
    """
    return "".join(sign for sign in name.lower() if sign.isalnum())


@functools.cache
def _by_spelling() -> Mapping[str, Agent]:
    agent_table = table("agents")
    agents: dict[str, Agent] = {}
    for row in agent_table.rows:
        ratio = row["marrow_to_blood_ratio"]
        agent = Agent(
            row["agent"],
            row["population"] == "yes",
            row["label_regimen"],
            agent_table.number(row, "marrow_to_blood_ratio", "1") if ratio else None,
            row["ratio_source"],
        )
        for name in (row["agent"], *filter(None, row["other_names"].split(";"))):
            agents[letters_and_digits(name)] = agent
    return agents


def find(name: str) -> Agent | None:
    """Return the agent of a name, in whatever spelling; None where the table has none.

    Examples
    --------
    >>> find("Lutathera").name, find("177Lu-PSMA-617")
    ('177Lu-DOTATATE', None)
    """
    return _by_spelling().get(letters_and_digits(name))


@functools.cache
def default() -> Agent:
    """Return the agent of a patient file that names none."""
    (name,) = [row["agent"] for row in table("agents").rows if row["default"] == "yes"]
    return _by_spelling()[letters_and_digits(name)]


@functools.cache
def of_label() -> Agent:
    """Return the agent whose label's rules the tables hold."""
    (agent,) = {agent for agent in _by_spelling().values() if agent.label_regimen}
    return agent


def has_population(name: str) -> bool:
    """Return whether the population tables are of an agent's patients.

    Examples
    --------
    >>> has_population("177Lu-DOTATATE"), has_population("177Lu-PSMA-617")
    (True, False)
    """
    agent = find(name)
    return agent is not None and agent.population


def has_label(name: str) -> bool:
    """Return whether the tables hold the dose-modification rules of an agent's label."""
    return find(name) == of_label()
