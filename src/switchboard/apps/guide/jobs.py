"""The guide's scheduled work."""

from __future__ import annotations

from switchboard.apps.guide.service import Guide
from switchboard.kernel.app import Schedule
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import schedule_caller


def apply_retention(platform: Platform) -> int:
    """Delete what is past its days; how many sessions were deleted or lost their words. Safe to run again."""
    done = Guide(platform).records.apply_retention(schedule_caller("guide retention"))
    return done["sessions"] + done["words"]


def fold_weeks(platform: Platform) -> int:
    """Fold the events of weeks that are over into figures; how many events went. Safe to run again."""
    return Guide(platform).records.fold_weeks(schedule_caller("guide figures"))


SCHEDULES = (
    Schedule("guide-retention", "17 * * * *", apply_retention),
    Schedule("guide-figures", "47 2 * * 1", fold_weeks),
)
