"""The apps, as one tuple: one joins when its work lands. Reading it loads nothing heavy."""

from __future__ import annotations

from switchboard.apps.guide.app import GUIDE
from switchboard.apps.honeypot.app import HONEYPOT
from switchboard.kernel.app import App

APPS: tuple[App, ...] = (HONEYPOT, GUIDE)
