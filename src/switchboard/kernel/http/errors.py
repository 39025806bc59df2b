"""Errors at the HTTP edge: one body for all of them, and nothing of the inside in it."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from switchboard.kernel.errors import Internal, Invalid, NotFound, SwitchboardError, Unavailable


class ErrorDetail(BaseModel):
    """What went wrong, in words."""

    code: str = Field(description="invalid, forbidden, not_found, conflict, unavailable or internal")
    message: str = Field(description="What is wrong")
    hint: str = Field(description="What to do next")
    correlation_id: str = Field(description="Names this request in the server's log")


class ErrorBody(BaseModel):
    """The body of every error."""

    error: ErrorDetail


ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": description}
    for status, description in {
        400: "The request cannot be read",
        401: "No API key, or not one that is known",
        403: "The API key may not do this",
        404: "There is no such object",
        405: "The path does not take this method",
        409: "The object's state does not allow this",
        413: "The request body is too large",
        415: "The request body is not JSON",
        422: "A field breaks a rule",
        429: "Too many requests for this API key; see Retry-After",
        500: "A defect of the server",
        503: "Not now; see Retry-After",
    }.items()
}

_METHOD_NOT_ALLOWED = 405


def error_body(error: SwitchboardError | None, correlation_id: str) -> tuple[int, dict[str, Any]]:
    """The status and body of an error; None stands for one that only the log may describe."""
    said = error or Internal(
        "Something failed on the server.",
        hint="Try again; if it fails again, give the correlation id to whoever runs this server.",
    )
    body = {
        "code": said.code,
        "message": said.message,
        "hint": said.hint,
        "correlation_id": correlation_id,
    }
    return said.status, {"error": body}


def retry_after(error: SwitchboardError | None) -> dict[str, str]:
    return {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, Unavailable) else {}


def error_page(body: dict[str, Any]) -> bytes:
    """The same error for a person, where no page of the console can be made: too large a file, a server that starts."""
    said = {name: escape(str(value)) for name, value in body["error"].items()}
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{said['message']}</title></head><body><h1>{said['message']}</h1><p>{said['hint']}</p>"
        f'<p><a href="/">To the first page</a></p><p>Number of this request: <code>{said["correlation_id"]}</code></p>'
        "</body></html>"
    ).encode()


def install_error_handlers(app: FastAPI) -> None:
    """Translate every error of the routes. What nobody foresaw is translated by the edge."""

    @app.exception_handler(SwitchboardError)
    async def _said(request: Request, error: SwitchboardError) -> JSONResponse:
        return _answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return _answer(request, _in_words(error))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == _METHOD_NOT_ALLOWED:
            answer = _answer(
                request,
                Invalid("This path does not take this method.", hint="See /docs for what each path takes."),
            )
            answer.status_code = _METHOD_NOT_ALLOWED
            answer.headers["Allow"] = ", ".join(_methods_of(app, request.url.path)) or "GET"
            return answer
        if error.status_code == NotFound.statuses[0]:
            return _answer(
                request, NotFound("There is nothing at this path.", hint="See /docs for the paths.")
            )
        return _answer(
            request,
            Invalid("The request cannot be read.", hint="See /docs for what this path takes.", status=400),
        )


def _methods_of(app: FastAPI, path: str) -> list[str]:
    """Every method that the API's document gives a path."""
    return sorted(
        method.upper()
        for template, operations in app.openapi()["paths"].items()
        if compile_path(template)[0].match(path)
        for method in operations
    )


def _named(part: Any) -> str:
    """A field's name, as much of it as a person would read."""
    return "".join(character for character in str(part)[:60] if character.isprintable())


def _answer(request: Request, error: SwitchboardError) -> JSONResponse:
    status, body = error_body(error, request.scope["state"]["correlation_id"])
    return JSONResponse(body, status, headers=retry_after(error))


def _in_words(error: RequestValidationError) -> Invalid:
    """The first three broken rules, by field, without the values that were sent."""
    broken = error.errors()
    if any(each["type"] == "json_invalid" for each in broken):
        return Invalid(
            "The request body is not valid JSON.", hint="Check quotes, commas and brackets.", status=400
        )
    lines = [
        f"{'.'.join(map(_named, each['loc'][1:6])) or each['loc'][0]}: {each['msg'].removeprefix('Value error, ')}"
        for each in broken[:3]
    ]
    more = f" (and {len(broken) - 3} more)" if len(broken) > 3 else ""
    return Invalid("; ".join(lines) + more + ".", hint="See /docs for what each field takes.")
