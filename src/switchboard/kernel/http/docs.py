"""The page that shows the API's document to people, from files that ship with the product.

The framework's own page loads its viewer from somebody else's server, which a self-hosted machine may not
reach and its owner may not want told.
"""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Switchboard: the API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<noscript>This page needs JavaScript. The document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = (
    "SwaggerUIBundle({url: '/openapi.json', dom_id: '#api', deepLinking: true, tryItOutEnabled: true});\n"
)
_KINDS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
# Nothing is loaded from elsewhere; the viewer writes styles of its own into the page.
CONTENT_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
)


@router.get("/docs")
async def show() -> HTMLResponse:
    """The page."""
    return HTMLResponse(_PAGE)


@router.get("/docs/start.js")
async def start() -> Response:
    """The script that starts the viewer."""
    return Response(_START, media_type="text/javascript")


def _serve(name: str, kind: str) -> None:
    @router.get(f"/docs/{name}", name=name)
    async def asset() -> Response:
        return Response(files("fastapi_swagger").joinpath("resources", name).read_bytes(), media_type=kind)


for _name, _kind in _KINDS.items():
    _serve(_name, _kind)
