"""Reading of YAML and JSON into a Patient; every scalar stays text until the schema reads it.

Anchors, aliases, tags, duplicate keys and deep nesting are refused, so that a file means what it
shows.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from dosimetry.file_kinds import PATIENT, refuse_other
from dosimetry.files import STANDARD_INPUT, decode, limited, read_input
from dosimetry.patient.patient import Patient
from dosimetry.problems import InputError, quote, refuse
from dosimetry.read_json import DEEPEST, FLAT, levels, mapping_of, read_json

LARGEST_FILE = 1_000_000
MOST_VALUES = 5_000  # explaining wrong ones takes time
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is built in


def read_patient(path: str | Path) -> Patient:
    """Read a patient file.

    Parameters
    ----------
    path : path
        A YAML or JSON file (by its ending, ``.json``), UTF-8, at most 1 MB. ``-`` is standard
        input, which is JSON where it begins with a brace. Measurement files are then relative to
        the current folder, and messages and provenance name the patient file ``-``.

    Returns
    -------
    Patient

    Raises
    ------
    InputError
        With every problem, each with its file and field or line.

    Examples
    --------
    >>> import dosimetry
    >>> dosimetry.read_patient("examples/nothing_measured.yaml").person.id
    'NEW-001'
    """
    if not isinstance(path, str | os.PathLike):
        raise refuse(
            "wrong-type",
            f"{quote(path)} is not the name of a file",
            "give the name of a patient file; Patient.from_dict reads a mapping",
            "path",
        )
    path = Path(path)
    name = path.name or f"{path}"
    raw = read_input(path, name, LARGEST_FILE)
    text = decode(raw, name)
    is_json = path.suffix == ".json" or (
        f"{path}" == STANDARD_INPUT and text.lstrip().startswith("{")
    )
    content = _content(text, name, read_json if is_json else read_yaml)
    return Patient.from_dict(content, path.parent, source=path.name, sha256=_digest(raw))


def json_content(raw: bytes, name: str = STANDARD_INPUT) -> tuple[dict[str, Any], str]:
    """Return the content of a patient file in JSON, and its SHA-256.

    Parameters
    ----------
    raw : bytes
        At most 1 MB.
    name : str
        Of the file, for messages.

    Raises
    ------
    InputError
        Too large, or not JSON of a patient file.

    Examples
    --------
    >>> content, sha256 = json_content(b'{"patient": {"id": "EX-1"}}')
    >>> content["patient"], len(sha256)
    ({'id': 'EX-1'}, 64)
    """
    raw = limited(io.BytesIO(raw), name, LARGEST_FILE)
    return _content(decode(raw, name), name, read_json), _digest(raw)


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _content(text: str, name: str, read: Callable[[str, str], dict[str, Any]]) -> dict[str, Any]:
    """Return the content of a text in JSON or YAML; refuse another kind, and too many values."""
    refuse_other(text, name, PATIENT)
    data = read(text, name)
    if sum(levels(data)) > MOST_VALUES:
        raise refuse(
            "too-many-values",
            f"the file has more than {MOST_VALUES} values",
            "put the scans into CSV files; keep only the laboratory values of this course",
            f"{name}: file",
        )
    return data


def patient_of(source: object) -> Patient:
    """Return a patient from one that was read, from a file's name, or from a file's content.

    Raises
    ------
    InputError
        None of these, or what :func:`read_patient` refuses.

    Examples
    --------
    >>> patient_of("examples/nothing_measured.yaml").person.id
    'NEW-001'
    """
    if isinstance(source, Patient):
        return source
    if isinstance(source, str | os.PathLike):
        return read_patient(Path(source))
    if isinstance(source, Mapping):
        return Patient.from_dict(source)
    raise refuse(
        "wrong-type",
        f"{quote(source)} is not a patient",
        "give what dosimetry.read_patient returns, the name of a patient file, or a mapping with "
        "its content",
        "patient",
    )


def read_yaml(text: str, name: str) -> dict[str, Any]:
    r"""Read YAML into mappings, lists and text.

    Parameters
    ----------
    text : str
    name : str
        Of the file, for messages.

    Raises
    ------
    InputError
        Not YAML, or YAML with features that a patient file does not need.

    Examples
    --------
    >>> read_yaml("id: 0012\nat: 12:30", "p.yaml")
    {'id': '0012', 'at': '12:30'}
    """
    try:
        data = _Builder(name).document(yaml.parse(text, Loader=LOADER))
    except InputError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        why = getattr(error, "problem", None) or str(error)
        raise refuse(
            "not-yaml",
            f"not readable as YAML: {why}",
            "check indentation (spaces, no tabs), colons and quotes",
            f"{name}{line}: file",
        ) from None
    return mapping_of(data, name)


class _Builder:
    """Builds plain data from YAML events; refuses anchors, aliases and tags."""

    def __init__(self, name: str) -> None:
        self.name = name

    def document(self, events: Any) -> Any:
        data = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refuse(event, "the file has a second document", "keep one document")
                data = self._node(next(events), events, 1)
        return data

    def _node(self, event: Any, events: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise self._refuse(event, "anchors and aliases are not read", "write the value out")
        if event.tag is not None:
            raise self._refuse(
                event, f"the tag {quote(event.tag)} is not read", "write the value without it"
            )
        if depth > DEEPEST:
            raise self._refuse(event, f"nested deeper than {DEEPEST}", FLAT)
        if isinstance(event, yaml.ScalarEvent):
            if event.value == "" and not event.style:
                raise self._refuse(
                    event, "a key or list entry has no value", "write one, or remove the line"
                )
            return event.value
        if isinstance(event, yaml.SequenceStartEvent):
            entries = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                entries.append(self._node(event, events, depth + 1))
            return entries
        return self._pairs(events, depth)

    def _pairs(self, events: Any, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._node(event, events, depth + 1)
            if not isinstance(key, str):
                raise self._refuse(event, "a key is not a text", "write key: value")
            line = event.start_mark.line + 1
            if key in mapping:
                raise self._refuse(
                    event,
                    f"key {quote(key)} is in line {lines[key]} and again in line {line}",
                    "keep one of the two",
                )
            lines[key] = line
            mapping[key] = self._node(next(events), events, depth + 1)
        return mapping

    def _refuse(self, event: Any, message: str, cure: str) -> InputError:
        return refuse(
            "not-plain-yaml", message, cure, f"{self.name}:{event.start_mark.line + 1}: file"
        )
