"""Field types of the honeypot's requests, alike over HTTP and at the command line."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

SourceType = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_-]{0,19}$", description="sms, whatsapp, email, voice, telegram, …")
]
PersonaId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
