"""The API in OpenAPI's terms, out of the same lists that requests are read by."""

from __future__ import annotations

from html import escape
from typing import Any

from intaglio import __version__
from intaglio.serve.queries import COMPRESS, DECOMPRESS

TYPES = {int: "integer", float: "number", bool: "boolean", str: "string"}
REFUSALS = {
    "413": "too many bytes or pixels",
    "422": "not readable, or an option out of its range",
    "429": "too many requests of this client",
    "503": "too many requests wait, or the time is over",
}


def description() -> dict[str, Any]:
    """An OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Intaglio", "version": __version__, "description": "Bodies are raw, or a multipart file."},
        "paths": {
            "/compress": _post("A picture to .itg bytes.", COMPRESS, "application/octet-stream"),
            "/decompress": _post(".itg bytes to a picture.", DECOMPRESS, "image/png"),
            "/inspect": _post("What is in a file's header.", {"bare": bool}, "application/json"),
        },
    }


def page() -> str:
    """The same for people, as a page of HTML without scripts."""
    about = description()
    parts = [f"<h1>{about['info']['title']} {about['info']['version']}</h1>"]
    parts += [f'<p>{about["info"]["description"]} <a href="openapi.json">As OpenAPI</a>.</p>']
    for path, methods in about["paths"].items():
        post = methods["post"]
        rows = [(one["name"], one["schema"]["type"]) for one in post["parameters"]]
        rows += [(status, answer["description"]) for status, answer in post["responses"].items()]
        lines = "".join(f"<tr><td><code>{escape(name)}</code><td>{escape(what)}" for name, what in rows)
        parts.append(f"<h2><code>POST {path}</code></h2><p>{escape(post['summary'])}</p><table>{lines}</table>")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Intaglio over HTTP</title>{"".join(parts)}</html>'
    )


def _post(summary: str, options: dict[str, Any], answer: str) -> dict[str, Any]:
    body: dict[str, Any] = {"application/octet-stream": {}, "multipart/form-data": {}}
    return {
        "post": {
            "summary": summary,
            "parameters": [
                {"name": name, "in": "query", "schema": {"type": TYPES[kind]}} for name, kind in options.items()
            ],
            "requestBody": {"required": True, "content": body},
            "responses": {"200": {"description": "done", "content": {answer: {}}}}
            | {status: {"description": why} for status, why in REFUSALS.items()},
        }
    }
