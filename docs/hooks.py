"""Parts of the pages that are generated from the project whenever the pages are built.

- ``patient_file.md``: the tables of fields, from the JSON schema of the patient file, with the
  meaning of each from ``patient_fields.csv``. A field without a meaning, or the reverse, fails.
- ``contributing.md``, ``security.md``, ``changelog.md``: the files in the top folder.
- Reference tables and examples that pages link to are copied unchanged.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FIELDS = "<!-- fields -->"
TOP = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
BESIDE = ("reference_tables", "examples", "benchmarks")  # folders that pages link into


def on_files(files: Any, config: Any) -> Any:
    """Add what stands outside of ``docs``."""
    from mkdocs.structure.files import File

    for name in TOP:
        source = str(ROOT / name)
        files.append(File.generated(config, name.lower(), abs_src_path=source))
    for folder in BESIDE:
        for path in sorted((ROOT / folder).iterdir()):
            if path.suffix in (".csv", ".json", ".yaml"):
                uri = f"{folder}/{path.name}"
                files.append(File.generated(config, uri, abs_src_path=str(path)))
    return files


def on_page_markdown(text: str, page: Any, **_: Any) -> str:
    """Fill in the fields, and lead links that leave ``docs`` to where they are on the site."""
    if FIELDS in text:
        text = text.replace(FIELDS, fields())
    if page.file.src_uri in {name.lower() for name in TOP}:
        text = re.sub(r"\]\(docs/", "](", text)
    text = re.sub(r"\]\(\.\./((?:" + "|".join(BESIDE) + r")/)", r"](\1", text)
    for name in TOP:
        text = re.sub(r"\]\((?:\.\./)?" + re.escape(name), f"]({name.lower()}", text)
    return text


def fields() -> str:
    """Return the tables of fields of the patient file, as Markdown.

    Raises
    ------
    ValueError
        A field of the schema without words, or words without a field.
    """
    from dosimetry.schemas import schema_of

    with (ROOT / "docs" / "patient_fields.csv").open(encoding="utf-8", newline="") as stream:
        words = {row["field"]: row["meaning"] for row in csv.DictReader(stream)}
    found = dict(walk(schema_of("patient")))
    if set(found) != set(words):
        missing, left = sorted(set(found) - set(words)), sorted(set(words) - set(found))
        raise ValueError(f"docs/patient_fields.csv: add {missing}, remove {left}")
    parts: dict[str, list[str]] = {}
    for place, (kind, needed) in found.items():
        part, _, key = place.rpartition(".")
        must = "yes" if needed else ""
        parts.setdefault(part, []).append(f"| `{key}` | {kind} | {must} | {words[place]} |")
    return "\n\n".join(
        f"### {f'`{part}`' if part else 'Top of the file'}\n\n"
        "| field | takes | needed | meaning |\n| --- | --- | --- | --- |\n" + "\n".join(rows)
        for part, rows in parts.items()
    )


def walk(
    schema: Mapping[str, Any], section: Mapping[str, Any] | None = None, place: str = ""
) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Yield every field: its place, what it takes, and whether it must be there.

    Sections follow their parents. The ranges of all analytes are alike and shown as one.
    """
    here = schema if section is None else section
    inner = []
    for key, field in here["properties"].items():
        name = f"{place}.{key}" if place else key
        yield name, (_takes(field, schema), key in here.get("required", ()))
        inner += [(f"{name}{step}", nested) for nested, step in _sections(field, schema)]
    if place != "reference_ranges":
        for name, nested in inner:
            yield from walk(schema, nested, name)


def _resolved(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in field:
        found: Mapping[str, Any] = schema["$defs"][field["$ref"].rsplit("/", 1)[-1]]
        return found
    return field


def _alternatives(field: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]


def _sections(
    field: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield the sections with fixed keys that a field holds, and the step to them.

    Additional keys beside fixed ones are other names of them.
    """
    for alternative in _alternatives(field):
        one = _resolved(alternative, schema)
        if "properties" in one:
            yield one, ""
        for holder, step in (("items", "[]"), ("additionalProperties", ".REGION")):
            alike = holder == "additionalProperties" and "properties" in one
            if isinstance(one.get(holder), Mapping) and not alike:
                for item, _ in _sections(one[holder], schema):
                    yield item, step


def _takes(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    kinds = [_kind(_resolved(one, schema), schema) for one in _alternatives(field)]
    return " or ".join(dict.fromkeys(kinds))


def _kind(one: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"])
    if "properties" in one:
        return "{" + ", ".join(one["properties"]) + "}" if len(one["properties"]) < 6 else "section"
    if one.get("type") == "array":
        return f"list of {_takes(one['items'], schema)}"
    if one.get("type") == "object":
        inner = one.get("additionalProperties")
        return f"REGION: {_takes(inner, schema)}" if isinstance(inner, Mapping) else "mapping"
    kind = {"string": "text"}.get(one.get("type", ""), one.get("type", "anything"))
    described = f"{one.get('description', '')}"
    if "minimum" in one or "maximum" in one:
        kind = f"{kind} {one.get('minimum', '')} to {one.get('maximum', '')}"
    return described or kind
