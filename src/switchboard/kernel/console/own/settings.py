"""Every setting: what it is, where that comes from, what it means. Secrets are only said to be there."""

from __future__ import annotations

from switchboard.kernel.console.page import Shown, Visit
from switchboard.kernel.settings_page import explain


async def show(visit: Visit) -> Shown:
    return Shown("frame/settings.html", {"settings": explain(visit.platform.settings)})
