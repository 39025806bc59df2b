"""A route for turns: the body is read, checked and answered in one pass each, without dependency solving.

The framework resolves parameters and re-checks answers in general ways that cost a turn a third of its time.
This route still describes itself from its endpoint's signature, so the documents stay the same.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, get_type_hints

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError


class DirectRoute(APIRoute):
    """For an endpoint whose parameters are path texts, one body model named `asked`, and `request`.

    It returns a model, which is sent as it is.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint = self.endpoint
        body: type[BaseModel] = get_type_hints(endpoint)["asked"]
        in_path = [name for name in inspect.signature(endpoint).parameters if name in self.param_convertors]
        read = body.__pydantic_validator__.validate_json
        status_code = self.status_code or 200

        async def handle(request: Request) -> Response:
            try:
                asked = read(await request.body())
            except ValidationError as error:
                raise RequestValidationError(
                    [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
                ) from None
            path = request.path_params
            answer = await endpoint(**{name: path[name] for name in in_path}, asked=asked, request=request)
            return sent(answer, status_code)

        return handle


def sent(answer: BaseModel, status_code: int = 200) -> Response:
    """A model as it is, for a route that declares it as `response_model`: it is not checked a second time."""
    return Response(
        answer.__pydantic_serializer__.to_json(answer), status_code, media_type="application/json"
    )
