"""The flows that sessions follow, drawn, with how many people stand where."""

from __future__ import annotations

from markupsafe import Markup

from switchboard.apps.guide.pages import naming
from switchboard.apps.guide.rules.flow.drawing import to_svg
from switchboard.kernel.console.page import Shown, Visit
from switchboard.kernel.errors import NotFound


async def show(visit: Visit) -> Shown:
    newest = {flow.id: flow for flow in await visit.service.contents.list_flows(visit.caller)}
    flows = list(newest.values())
    usual = visit.platform.settings.guide_flow
    return Shown("guide/flows.html", {"flows": flows, "usual": usual}, watch="guide")


async def show_one(visit: Visit) -> Shown:
    id = visit.path["flow_id"]
    found = [flow for flow in await visit.service.contents.list_flows(visit.caller) if flow.id == id]
    if not found:
        raise NotFound(f"There is no flow {id[:40]!r}.", hint="The list of flows shows which there are.")
    newest = found[-1]
    states = [row for row in await visit.service.records.list_states(visit.caller) if row["flow_id"] == id]
    context = {
        "flow": newest,
        "language": newest.languages[0],
        "versions": [flow.version for flow in found],
        "drawn": Markup(to_svg(newest)),  # noqa: S704 - drawn here, and its texts are escaped there
        "states": {row["fsm_state"]: row["sessions"] for row in states},
        "naming": naming,
    }
    return Shown("guide/flow.html", context, title=newest.title[newest.languages[0]], watch="guide")
