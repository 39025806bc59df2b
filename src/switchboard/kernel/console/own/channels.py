"""Where apps can be reached: what stands above each chat, which sites may show it, whether it is open."""

from __future__ import annotations

from switchboard.kernel.channels.accounts import WEBCHAT, ChannelAccounts
from switchboard.kernel.console.own.links import base_address
from switchboard.kernel.console.page import Redirect, Shown, Visit
from switchboard.kernel.errors import Invalid
from switchboard.kernel.security.permissions import ADMINISTER, may


async def show(visit: Visit) -> Shown:
    open_apps = visit.platform.settings.open_webchats
    chats = [
        {"app": app, "account": account, "is_served": app.name in open_apps}
        for app in visit.platform.apps
        if may(visit.caller, ADMINISTER, app.name)
        for account in await ChannelAccounts(visit.platform, app.name).list_accounts(visit.caller)
        if account.channel == WEBCHAT
    ]
    return Shown("frame/channels.html", {"chats": chats, "base": base_address(visit)})


async def change(visit: Visit) -> Redirect:
    app = visit.field("app", longest=50)
    if app not in visit.platform.app_names:
        raise Invalid("There is no such app.", hint="Load the page again.")
    await ChannelAccounts(visit.platform, app).change_account(
        visit.caller,
        WEBCHAT,
        allowed_origins=visit.field("allowed_origins").split(),
        title=visit.field("title"),
        greeting=visit.field("greeting"),
        is_enabled=visit.field("is_enabled") == "yes",
    )
    return Redirect("/channels", "The chat is changed. Visitors see it from their next visit on.")
