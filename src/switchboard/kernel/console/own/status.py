"""How the installation is: version, databases, queues, errors."""

from __future__ import annotations

from switchboard.kernel.console.page import Shown, Visit
from switchboard.kernel.status import Status


async def show(visit: Visit) -> Shown:
    described = await Status(visit.platform).describe(visit.caller)
    return Shown("frame/status.html", {"status": described}, watch="platform")
