"""The guide's pages in the console, as one list. A page asks the service and never a database."""

from __future__ import annotations

from switchboard.apps.guide.pages import dangers, flows, lines, overview, sessions, wordings
from switchboard.kernel.console.page import Page, Section
from switchboard.kernel.security.permissions import ACT, ADMINISTER

SECTION = Section(
    scope="guide",
    title="Guide",
    pages=(
        Page("/guide", "Overview", overview.show, place="Overview"),
        Page(
            "/guide/dangers",
            "Dangers told of",
            dangers.show,
            place="Dangers told of",
            needs=ACT,
            acts={"acknowledge": dangers.acknowledge},
        ),
        Page("/guide/sessions", "Sessions", sessions.show, place="Sessions"),
        Page(
            "/guide/sessions/{session_id}",
            "Session",
            sessions.show_one,
            needs=ACT,
            acts={"delete": sessions.delete},
        ),
        Page(
            "/guide/sessions/{session_id}/words",
            "What was said",
            sessions.ask_for_words,
            needs=ADMINISTER,
            acts={"read": sessions.read_words},
        ),
        Page("/guide/lines", "Lines", lines.show, place="Lines"),
        Page(
            "/guide/lines/{line_id}",
            "Line",
            lines.show_one,
            acts={"change": lines.change, "verify": lines.verify},
        ),
        Page("/guide/wording", "Wording", wordings.show, place="Wording"),
        Page(
            "/guide/wording/{kind}/{language}",
            "Wording",
            wordings.show_one,
            acts={
                "preview": wordings.preview,
                "change": wordings.change,
                "restore": wordings.restore,
                "review": wordings.review,
            },
        ),
        Page("/guide/flows", "Flows", flows.show, place="Flows"),
        Page("/guide/flows/{flow_id}", "Flow", flows.show_one),
    ),
    templates="switchboard.apps.guide.pages",
)
