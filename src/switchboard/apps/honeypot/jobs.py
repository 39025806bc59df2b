"""The honeypot's scheduled work."""

from __future__ import annotations

from switchboard.apps.honeypot.service import SWEEP_LIMIT, Honeypot
from switchboard.kernel.app import Schedule
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import schedule_caller


def end_silent_sessions(platform: Platform) -> int:
    """End every session whose scammer has been silent for the set time; how many.

    Running it again ends nothing twice: an ended session is no longer among the open ones.
    """
    honeypot = Honeypot(platform)
    caller = schedule_caller("silence sweep")
    total = 0
    while ended := honeypot.end_silent_sessions(caller):
        total += ended
        if ended < SWEEP_LIMIT:
            break
    return total


SCHEDULES = (Schedule("honeypot-silence-sweep", "* * * * *", end_silent_sessions),)
