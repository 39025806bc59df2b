"""The yardstick: a bare FastAPI endpoint that checks the JSON and sends the same back."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import BaseModel


class Message(BaseModel):
    message: str


def create_app() -> FastAPI:
    app = FastAPI()

    @app.post("/echo")
    async def echo(message: Message) -> Message:
        return message

    return app
