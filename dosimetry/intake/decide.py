"""Decisions and questions of an import: what was taken for what, and what cannot be decided.

A question names its possible readings, and for each the line of the map that settles it. On a
terminal it is asked; elsewhere it is a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from dosimetry.problems import InputError, Problem

MAP = "map.yaml"
MOST = 100  # questions, and problems, that are listed
Path = tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """A possible reading.

    Attributes
    ----------
    words : str
        The reading in words.
    path : tuple of str
        Keys of the map's entry that chooses it.
    value : str or dict
        Value of that entry.
    """

    words: str
    path: Path
    value: Any


@dataclass(frozen=True)
class Question:
    """Something that the file leaves open.

    Attributes
    ----------
    problem : Problem
        As it is refused where nobody can be asked; its cure is made from the readings.
    answers : tuple of Answer
        The readings to choose from.
    path : tuple of str
        Keys of the map's entry for a value that has to be typed; empty if there is none.
    example : str
        Such a value.
    """

    problem: Problem
    answers: tuple[Answer, ...] = ()
    path: Path = ()
    example: str = ""

    def refusal(self, map_name: str = MAP) -> Problem:
        """Return the problem, with the lines of the map that settle it as its cure."""
        lines = [
            f"{line_of(answer.path, answer.value)} ({answer.words})" for answer in self.answers
        ]
        if self.path:
            lines.append(line_of(self.path, self.example))
        written = f"write in {map_name}: {' or '.join(lines)}" if lines else ""
        return replace(self.problem, cure="; ".join(filter(None, (self.problem.cure, written))))


@dataclass(frozen=True)
class Decision:
    """What something in the file was taken for.

    Attributes
    ----------
    place : str
        Sheet and cells.
    text : str
    """

    place: str
    text: str


@dataclass
class Log:
    """Everything that was decided, asked and found wrong, in the order of the file.

    Attributes
    ----------
    decisions : list of Decision
    questions : list of Question
    problems : list of Problem
        Nothing in the map can settle these.
    settled : dict
        The map that asks nothing: what was given and what was decided.
    map_name : str
        Of the map's file, for messages.
    """

    decisions: list[Decision] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    settled: dict[str, Any] = field(default_factory=dict)
    map_name: str = MAP
    _said: set[Decision] = field(default_factory=set)

    def say(self, place: str, text: str) -> None:
        """Add a decision, once."""
        decision = Decision(place, text)
        if decision not in self._said:
            self._said.add(decision)
            self.decisions.append(decision)

    def ask(
        self,
        problem: Problem,
        answers: Iterable[Answer] = (),
        path: Path = (),
        example: str = "",
    ) -> None:
        """Add a question, at the first place that raises it; no more than can be read."""
        if len(self.questions) > MOST:
            return
        question = Question(problem, tuple(answers), path, example)
        same = (one for one in self.questions if one.problem.message == problem.message)
        if all(one.answers != question.answers or one.path != path for one in same):
            self.questions.append(question)

    def fail(self, *problems: Problem) -> None:
        """Add problems that only a change of the file corrects; no more than can be read."""
        for problem in problems:
            if problem not in self.problems and len(self.problems) <= MOST:
                self.problems.append(problem)

    def settle(self, path: Path, value: Any) -> None:
        """Enter into the map what was decided; what the user wrote stays."""
        put(self.settled, path, value, keep=True)

    def open(self) -> bool:
        """Return whether anything stands in the way of writing files."""
        return bool(self.questions or self.problems)

    def refusal(self) -> InputError:
        """Return everything that stands in the way as one error."""
        return InputError(
            [*self.problems, *(question.refusal(self.map_name) for question in self.questions)]
        )


def put(tree: dict[str, Any], path: Path, value: Any, *, keep: bool = False) -> None:
    """Set an entry of nested mappings; with ``keep``, an existing one stays.

    Examples
    --------
    >>> tree = {}
    >>> put(tree, ("units", "Activity"), "MBq")
    >>> tree
    {'units': {'Activity': 'MBq'}}
    """
    *outer, last = path
    for key in outer:
        inner = tree.setdefault(key, {})
        if not isinstance(inner, dict):
            inner = tree[key] = {}
        tree = inner
    if not (keep and last in tree):
        tree[last] = value


def get(tree: Mapping[str, Any], path: Path) -> Any:
    """Return an entry of nested mappings; None if there is none."""
    found: Any = tree
    for key in path:
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found


def line_of(path: Path, value: Any) -> str:
    """Return a line of YAML that sets an entry.

    Examples
    --------
    >>> line_of(("columns", "Activity DC (MBq)"), "ignore")
    'columns: {Activity DC (MBq): ignore}'
    """
    tree: dict[str, Any] = {}
    put(tree, path, value)
    return flow(tree)


def flow(tree: Mapping[str, Any]) -> str:
    """Return nested mappings of texts as one line of YAML."""
    (key,) = tree
    text = yaml.dump(tree[key], Dumper=Plain, default_flow_style=True, width=10**9)
    name = yaml.dump(key, Dumper=Plain, width=10**9).removesuffix("...\n").strip()
    return f"{name}: {text.removesuffix('...' + chr(10)).strip()}"


class Plain(  # every scalar of a patient file or a map is text, so none needs quotes for its type
    yaml.emitter.Emitter,
    yaml.serializer.Serializer,
    yaml.representer.SafeRepresenter,
    yaml.resolver.BaseResolver,
):
    """Writer of YAML without quotes for dates, times and numbers."""

    def __init__(self, stream: Any, **options: Any) -> None:
        yaml.emitter.Emitter.__init__(self, stream, width=options.get("width"), allow_unicode=True)
        yaml.serializer.Serializer.__init__(self)
        yaml.representer.SafeRepresenter.__init__(
            self, default_flow_style=options.get("default_flow_style", False), sort_keys=False
        )
        yaml.resolver.BaseResolver.__init__(self)

    def ignore_aliases(self, data: Any) -> bool:
        """Return that values are written out, never as an alias."""
        return True
