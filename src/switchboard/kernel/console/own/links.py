"""The address under which people reach this server, for links that are given to others."""

from __future__ import annotations

from switchboard.kernel.console.page import Visit


def base_address(visit: Visit) -> str:
    """Without a slash at the end. What is set counts; a request can claim any host."""
    return (visit.platform.settings.public_url or str(visit.request.base_url)).rstrip("/")
