"""What the server takes and gives, for programs (OpenAPI) and for people (one page without scripts)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import TypeAlias

from loopwright.records.model import Model
from loopwright.settings import ServingSettings
from loopwright.stages.serving.door import Column
from loopwright.stages.serving.routes import Routes

__all__ = ["Json", "document", "example_row", "page"]

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

_SCHEMAS: dict[str, dict[str, Json]] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "time": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
}
_EXAMPLES: dict[str, Json] = {
    "int": 1, "float": 1.5, "string": "text", "bool": True, "time": "2015-01-31T18:00:00", "date": "2015-01-31",
}
_REFUSALS = {
    "400": "The body is no JSON, or has another shape; says where.",
    "401": "No key, or an unknown one.",
    "403": "The key has expired, was revoked, or is not good for this.",
    "408": "The body did not come in time.",
    "409": "An id that was answered about another row.",
    "413": "The body, or the number of rows, is too large.",
    "415": "The body is not sent as application/json.",
    "422": "Rows that do not fit: every field of every row is named.",
    "500": "The model failed on some rows; their ids are named.",
    "503": "Nothing serves yet, or the server is stopping.",
    "504": "The model took too long.",
    "507": "The prediction log cannot be written, so no answer is given.",
}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a2a33}"
    "h2{margin-top:2.2rem}pre{background:#f3f6f7;padding:.8rem;overflow:auto;border-radius:4px}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .8rem .3rem 0;vertical-align:top;"
    "border-bottom:1px solid #dde4e7}code{font-size:.92em}"
)


def document(routes: Routes, *, name: str, settings: ServingSettings, is_open: bool = False) -> dict[str, Json]:
    """Return the server's description as an OpenAPI 3.1 document.

    Parameters
    ----------
    routes : Routes
        What serves now; its columns and classes are described.
    name : str
        Of the project.
    settings : ServingSettings
    is_open : bool, default=False
        No keys are needed.

    References
    ----------
    OpenAPI Specification 3.1.1, https://spec.openapis.org/oas/v3.1.1.html
    """
    row = example_row(routes.door.columns)
    keys: list[Json] = [] if is_open else [{"bearer": []}, {"header": []}]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{name}: predictions", "version": f"v{routes.champion.model.number}",
            "description": (
                f"{_answers(routes.champion.model)} Up to {settings.max_rows:,} rows and "
                f"{settings.max_body_kb:,} KiB per request."
            ),
        },
        "paths": {
            "/predict": {"post": _operation(
                "Predict one row, several rows, or columns", "PredictRequest", "Answer", keys,
                {"one row": {"row": row}, "rows": {"rows": [row, row], "ids": ["a", "b"]},
                 "columns": {"columns": {column: [value] for column, value in row.items()}}},
            )},
            "/outcomes": {"post": _operation(
                "Tell what became of rows", "Outcomes", "Told", keys,
                {"outcomes": {"outcomes": [_example_outcome(routes)]}},
            )},
            **{path: {"get": _plain(what)} for path, what in _PLAIN.items()},
        },
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
            "schemas": _schemas(routes, settings),
        },
    }


def example_row(columns: Sequence[Column]) -> dict[str, Json]:
    """Return a row that the door lets in, with a value for every column.

    Examples
    --------
    >>> example_row([Column(name="fare", type="float", minimum=3, maximum=250)])
    {'fare': 3.0}
    """
    return {column.name: _example(column) for column in columns}


def page(routes: Routes, *, name: str, settings: ServingSettings, address: str, is_open: bool = False) -> str:
    """Return the description as a page of HTML that needs nothing else.

    Parameters
    ----------
    address : str
        Where the server is, such as ``"http://127.0.0.1:8643"``; for the line to copy.
    """
    row = example_row(routes.door.columns)
    model = routes.champion.model
    body = json.dumps({"row": row}, ensure_ascii=False)
    key = "" if is_open else " -H 'Authorization: Bearer lw_...'"
    line = f"curl {address}/predict{key} -H 'Content-Type: application/json' -d {_quoted(body)}"
    told = json.dumps({"outcomes": [_example_outcome(routes)]}, ensure_ascii=False)
    sections = [
        f"<h1>{escape(name)}: predictions</h1><p>{escape(_answers(model))} Model v{model.number}, deployment "
        f"{routes.deployment.number}. For programs: <a href='/openapi.json'>openapi.json</a>.</p>",
        f"<h2>Ask</h2><p><code>POST /predict</code>, up to {settings.max_rows:,} rows and {settings.max_body_kb:,} "
        f"KiB. The body has one of three shapes; <code>\"ids\"</code> may stand beside the rows, and "
        f"<code>\"partial\": true</code> has good rows answered although others are bad. The same id again gets the "
        f"same answer.</p><pre>{escape(line)}</pre>" + "".join(f"<pre>{escape(text)}</pre>" for text in _shapes(row)),
        f"<h2>Columns</h2>{_columns_table(routes.door.columns)}",
        f"<h2>Tell what became of it</h2><p><code>POST /outcomes</code>, any time later, in any order.</p>"
        f"<pre>{escape(told)}</pre>",
        f"<h2>Keys</h2><p>{escape(_keys(is_open=is_open))}</p>",
        f"<h2>When something is wrong</h2>{_table((status, text) for status, text in _REFUSALS.items())}",
        f"<h2>More addresses</h2>{_table((path, what) for path, what in _PLAIN.items())}",
    ]
    head = f"<meta charset='utf-8'><title>{escape(name)}: predictions</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang='en'><head>{head}</head><body>{''.join(sections)}</body></html>"


# -- parts of the document ---------------------------------------------------------------------------------

_PLAIN = {
    "/health": "Says that the process lives.",
    "/ready": "Says whether requests are answered; 503 before a model is deployed and while the server stops.",
    "/metrics": "Counters for Prometheus; needs a key with the scope metrics.",
    "/openapi.json": "This description for programs.",
    "/docs": "This description for people.",
}


def _operation(
    summary: str, takes: str, gives: str, keys: list[Json], examples: dict[str, Json]
) -> dict[str, Json]:
    content: dict[str, Json] = {
        "schema": _ref(takes), "examples": {name: {"value": value} for name, value in examples.items()},
    }
    refusals: dict[str, Json] = {
        status: {"description": text, "content": {"application/json": {"schema": _ref("Refusal")}}}
        for status, text in _REFUSALS.items()
    }
    return {
        "summary": summary, "security": keys,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": _ref(gives)}}}, **refusals,
        },
    }


def _plain(what: str) -> dict[str, Json]:
    return {"summary": what, "responses": {"200": {"description": what}}}


def _ref(name: str) -> dict[str, Json]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas(routes: Routes, settings: ServingSettings) -> dict[str, Json]:
    columns = routes.door.columns
    beside: dict[str, Json] = {
        "ids": {"type": "array", "items": {"type": ["string", "integer", "null"]}}, "partial": {"type": "boolean"},
    }
    rows: dict[str, Json] = {"type": "array", "items": _ref("Row"), "maxItems": settings.max_rows}
    by_column: dict[str, Json] = {
        "type": "object", "properties": {item.name: {"type": "array", "items": _column(item)} for item in columns},
    }
    return {
        "Row": {
            "type": "object",
            "properties": {item.name: _column(item) for item in columns},
            "required": [item.name for item in columns if item.required],
            "additionalProperties": settings.unknown_columns == "ignore",
        },
        "PredictRequest": {"oneOf": [
            _object({"row": _ref("Row"), "id": {"type": ["string", "integer"]}, **beside}, required=["row"]),
            _object({"rows": rows, **beside}, required=["rows"]),
            _object({"columns": by_column, **beside}, required=["columns"]),
            rows,
        ]},
        "Answer": _object({
            "predictions": {"type": "array", "items": _prediction(routes.champion.model)},
            "deployment": {"type": "integer"}, "problems": {"type": "array", "items": _ref("Problem")},
        }, required=["predictions", "deployment"]),
        "Outcomes": _object({"outcomes": {"type": "array", "items": _object({
            "id": {"type": ["string", "integer"]}, "label": _label(routes.champion.model),
            "values": {"type": "object"}, "at": {"type": "string", "format": "date-time"},
        }, required=["id"])}}, required=["outcomes"]),
        "Told": _object({"outcomes": {"type": "array", "items": _object(
            {"id": {"type": "string"}, "status": {"type": "string"}}, required=["id", "status"]
        )}}, required=["outcomes"]),
        "Problem": _object({
            "row": {"type": "integer"}, "id": {"type": "string"}, "field": {"type": "string"},
            "problem": {"type": "string"},
        }, required=["problem"]),
        "Refusal": _object(
            {"error": {"type": "string"}, "problems": {"type": "array", "items": _ref("Problem")}}, required=["error"]
        ),
    }


def _object(properties: dict[str, Json], *, required: list[str]) -> dict[str, Json]:
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


def _column(column: Column) -> dict[str, Json]:
    found = dict(_SCHEMAS.get(column.type, {"type": "null"}))
    if column.type in _SCHEMAS and not column.required:
        found["type"] = [found["type"], "null"]
    # Values outside are let in and flagged unless the project says otherwise, so they are described, not forbidden.
    found["description"] = column.allowed
    return found


def _prediction(model: Model) -> dict[str, Json]:
    score: dict[str, dict[str, Json]] = {
        "binary": {"probability": {"type": "number"}},
        "multiclass": {"probabilities": {"type": "object", "additionalProperties": {"type": "number"}}},
        "regression": {"value": {"type": "number"}},
    }
    said: Json = {"type": ["number", "null"]} if model.task == "regression" else {"enum": [*model.classes, None]}
    return _object({
        "id": {"type": "string"}, "prediction": said, **score[model.task], "model": {"type": "string"},
        "flags": {"type": "array", "items": {"type": "string"}}, "held_back": {"type": "boolean"},
        "repeated": {"type": "boolean"},
    }, required=["id", "prediction", "model", "flags"])


def _label(model: Model) -> dict[str, Json]:
    if model.task == "regression":
        return {"type": "number"}
    return {"description": f"One of {', '.join(map(repr, model.classes))}."}


def _example(column: Column) -> Json:
    if column.values:
        return min(column.values)
    border = column.minimum if column.minimum is not None else column.maximum
    if border is not None and column.type in ("int", "float"):
        return int(border) if column.type == "int" else float(border)
    return _EXAMPLES.get(column.type)


def _example_outcome(routes: Routes) -> dict[str, Json]:
    """Return an outcome that is kept: the label, or the columns that the label's rule makes it from."""
    door = routes.door
    if door.facts.is_rule:
        return {"id": "a", "values": {column.name: _example(column) for column in door.told_later()}}
    return {"id": "a", "label": _example_label(routes)}


def _example_label(routes: Routes) -> Json:
    """Return a label in the type of its column."""
    model, door = routes.champion.model, routes.door
    if model.task == "regression":
        return 1.5
    column = door.later.get(door.facts.label)
    read: dict[str, Callable[[str], Json]] = {"int": int, "float": float, "bool": lambda name: name == "true"}
    return read.get(column.type if column else "string", str)(model.classes[-1])


# -- parts of the page -------------------------------------------------------------------------------------


def _answers(model: Model) -> str:
    if model.task == "regression":
        return "Answers with a number."
    named = ", ".join(model.classes[:10]) + (" and more" if len(model.classes) > 10 else "")
    return f"Answers with one of {named}, and how likely it is."


def _shapes(row: dict[str, Json]) -> list[str]:
    return [
        json.dumps(body, ensure_ascii=False)
        for body in ({"rows": [row], "ids": ["a"]}, {"columns": {name: [value] for name, value in row.items()}})
    ]


def _columns_table(columns: Sequence[Column]) -> str:
    return _table(
        (item.name, f"{'required' if item.required else 'may be left out'}: {item.allowed}") for item in columns
    )


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = (f"<tr><td><code>{escape(left)}</code></td><td>{escape(right)}</td></tr>" for left, right in rows)
    return f"<table>{''.join(cells)}</table>"


def _keys(*, is_open: bool) -> str:
    if is_open:
        return "This server answers this machine only, and needs no keys."
    return (
        "Send the key as Authorization: Bearer lw_... or as X-API-Key: lw_... . The owner of this server gives them "
        "out with `loopwright consumers add NAME`."
    )


def _quoted(text: str) -> str:
    """Return text as one word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"
