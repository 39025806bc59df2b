"""The honeypot's pages in the console, as one list. A page asks the service and never a database."""

from __future__ import annotations

from switchboard.apps.honeypot.pages import (
    campaigns,
    finding,
    intelligence,
    overview,
    replays,
    session,
    sessions,
    simulator,
)
from switchboard.kernel.console.page import Page, Section
from switchboard.kernel.security.permissions import ACT

SECTION = Section(
    scope="honeypot",
    title="Honeypot",
    pages=(
        Page("/honeypot", "Overview", overview.show, place="Overview"),
        Page("/honeypot/sessions", "Sessions", sessions.show, place="Sessions"),
        Page(
            "/honeypot/sessions/{session_id}",
            "Session",
            session.show,
            acts={"end": session.end, "delete": session.delete},
        ),
        Page("/honeypot/sessions/{session_id}/file", "A session as a file", session.save),
        Page("/honeypot/intelligence", "Intelligence", intelligence.show_all, place="Intelligence"),
        Page("/honeypot/intelligence/{value_id}", "Value", intelligence.show_one),
        Page("/honeypot/campaigns", "Campaigns", campaigns.show_all, place="Campaigns"),
        Page(
            "/honeypot/campaigns/{campaign_id}",
            "Campaign",
            campaigns.show_one,
            acts={"name": campaigns.name},
        ),
        Page("/honeypot/campaigns/{campaign_id}/file", "A campaign as a file", campaigns.save),
        Page(
            "/honeypot/simulator",
            "Simulator",
            simulator.show,
            place="Simulator",
            needs=ACT,
            acts={"begin": simulator.begin},
        ),
        Page(
            "/honeypot/simulator/{session_id}",
            "Simulated conversation",
            simulator.show_conversation,
            needs=ACT,
            acts={"say": simulator.say},
        ),
        Page(
            "/honeypot/replays",
            "Replay",
            replays.show_all,
            place="Replay",
            needs=ACT,
            acts={"start": replays.start},
            uploads=True,
        ),
        Page(
            "/honeypot/replays/{replay_id}",
            "Replay",
            replays.show_one,
            needs=ACT,
            acts={"cancel": replays.cancel},
        ),
    ),
    find=finding.find,
    templates="switchboard.apps.honeypot.pages",
)
