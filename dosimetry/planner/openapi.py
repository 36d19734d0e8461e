"""The description of the HTTP interface: OpenAPI 3.1, from the schemas of the documents."""

from __future__ import annotations

from typing import Any

import dosimetry
from dosimetry.planner.answers import PROBLEM_JSON, PROBLEM_TYPE
from dosimetry.planner.endpoints import ENDPOINTS, Endpoint
from dosimetry.planner.parameters import Parameter
from dosimetry.schemas import NAMES, schema_of

JSON = "application/json"
SCHEMAS = "#/components/schemas/"
REFUSALS = {
    "400": "The query is wrong.",
    "401": "The token is missing or wrong.",
    "403": "The host or the origin is another.",
    "408": "The body was too slow.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The input is refused.",
    "503": "Too many requests wait, or the worker was lost; see Retry-After.",
}


def description() -> dict[str, Any]:
    """Return the description of the interface.

    Returns
    -------
    dict
        OpenAPI 3.1.

    Examples
    --------
    >>> sorted(description()["paths"])[:3]
    ['/check', '/compare', '/fit']
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "dosimetry",
            "version": dosimetry.__version__,
            "summary": "Dosimetry and dosing schedules for 177Lu therapy.",
            "description": "Decision support, not a medical device: a qualified physicist must "
            "check every plan.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": {
            **{f"/{endpoint.name}": {"post": _operation(endpoint)} for endpoint in ENDPOINTS},
            "/schema/{name}": {"get": _schema()},
            "/openapi.json": {"get": _self()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                **_documents(),
                "refusal": _refusal(),
                "fit_body": _fit_body(),
                "verify_body": _verify_body(),
            },
        },
    }


def _documents() -> dict[str, Any]:
    """Return the schemas of patient and documents, each part under a name of its own."""
    schemas: dict[str, Any] = {}
    for name in dict.fromkeys(("patient", *(endpoint.document for endpoint in ENDPOINTS))):
        schema = schema_of(name)
        parts = schema.pop("$defs", {})
        for own in ("$schema", "$id"):
            schema.pop(own)
        schemas[name] = _renamed(schema, name)
        schemas |= {f"{name}.{part}": _renamed(inner, name) for part, inner in parts.items()}
    return schemas


def _renamed(schema: Any, name: str) -> Any:
    """Return a schema whose references to its own parts lead to those of a document."""
    if isinstance(schema, dict):
        return {
            key: f"{SCHEMAS}{name}.{value.rpartition('/')[2]}"
            if key == "$ref" and isinstance(value, str)
            else _renamed(value, name)
            for key, value in schema.items()
            # what a field holds in Python, not what a patient file may write
            if not (key == "default" and isinstance(value, dict))
        }
    return [_renamed(entry, name) for entry in schema] if isinstance(schema, list) else schema


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": [_parameter(parameter) for parameter in endpoint.parameters],
        "requestBody": {"required": True, "content": _content(endpoint.body)},
        "responses": {
            "200": {"description": "The document.", "content": _content(endpoint.document)},
            **_refusals(*REFUSALS),
        },
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": parameter.kind}
    if parameter.words:
        schema["enum"] = list(parameter.words)
    if parameter.repeated:
        schema = {"type": "array", "items": schema}
    return {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": parameter.description,
        "schema": schema,
    }


def _content(name: str, kind: str = JSON) -> dict[str, Any]:
    return {kind: {"schema": {"$ref": f"{SCHEMAS}{name}"}}}


def _refusals(*statuses: str) -> dict[str, Any]:
    return {
        status: {"description": REFUSALS[status], "content": _content("refusal", PROBLEM_JSON)}
        for status in statuses
    }


def _schema() -> dict[str, Any]:
    return {
        "operationId": "schema",
        "summary": "Return the schema of a document.",
        "parameters": [
            {
                "name": "name",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "enum": list(NAMES)},
            }
        ],
        "responses": {
            "200": {
                "description": "JSON Schema; Frictionless Table Schema of a cohort.",
                "content": {JSON: {"schema": {"type": "object"}}},
            },
            "404": {
                "description": "No document has this name.",
                "content": _content("refusal", PROBLEM_JSON),
            },
            **_refusals("400", "401", "403", "503"),
        },
    }


def _self() -> dict[str, Any]:
    return {
        "operationId": "openapi",
        "summary": "Return this description.",
        "responses": {
            "200": {
                "description": "OpenAPI 3.1.",
                "content": {JSON: {"schema": {"type": "object"}}},
            },
            **_refusals("400", "401", "403", "503"),
        },
    }


def _refusal() -> dict[str, Any]:
    """Return the schema of problem details (RFC 9457) with our problems."""
    problems = schema_of("problems")["properties"]
    return {
        "type": "object",
        "properties": {
            "type": {"type": "string", "const": PROBLEM_TYPE},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            **problems,
        },
        "required": ["type", "title", "status", "detail", *problems],
    }


def _fit_body() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "administered": {
                "type": "string",
                "description": "Administered activity with its unit, as in 7.4 GBq.",
            },
            "curves": {
                "type": "array",
                "minItems": 1,
                "description": "Scans, as the measurements of a patient.",
                "items": {"type": "object"},
            },
        },
        "required": ["administered", "curves"],
        "additionalProperties": False,
    }


def _verify_body() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            name: {
                "description": f"{what}, as a text, or as an object that stands as it was {how}.",
                "type": ["string", "object"],
            }
            for name, what, how in (
                ("patient", "The body that the plan was made from", "sent"),
                ("plan", "The plan", "received"),
            )
        },
        "required": ["patient", "plan"],
        "additionalProperties": False,
    }
