"""The frame's own pages: what belongs to no app."""

from __future__ import annotations

from switchboard.kernel.console.own import account, audit, channels, keys, people, search, settings, status
from switchboard.kernel.console.page import Page, Section
from switchboard.kernel.security.permissions import ADMINISTER, PLATFORM_SCOPE

SECTION = Section(
    scope=PLATFORM_SCOPE,
    title="Switchboard",
    pages=(
        Page("/status", "Status", status.show, place="Status"),
        Page(
            "/people",
            "People",
            people.show_all,
            place="People",
            needs=ADMINISTER,
            acts={"invite": people.invite},
        ),
        Page(
            "/people/{account_id}",
            "A person",
            people.show_one,
            needs=ADMINISTER,
            acts={
                "roles": people.set_roles,
                "disable": people.disable,
                "enable": people.enable,
                "reset": people.reset_password,
                "end-sessions": people.end_sessions,
            },
        ),
        Page(
            "/keys",
            "API keys",
            keys.show,
            place="API keys",
            needs=ADMINISTER,
            anywhere=True,
            acts={"create": keys.create, "revoke": keys.revoke},
        ),
        Page(
            "/channels",
            "Channels",
            channels.show,
            place="Channels",
            needs=ADMINISTER,
            anywhere=True,
            acts={"change": channels.change},
        ),
        Page("/audit", "Audit", audit.show, place="Audit", needs=ADMINISTER, anywhere=True),
        Page("/settings", "Settings", settings.show, place="Settings", needs=ADMINISTER),
        Page("/search", "Search", search.show, needs=None),
        Page(
            "/account",
            "Your account",
            account.show,
            needs=None,
            acts={
                "password": account.change_password,
                "begin-second-factor": account.begin_second_factor,
                "confirm-second-factor": account.confirm_second_factor,
                "renew-recovery-codes": account.renew_recovery_codes,
                "remove-second-factor": account.remove_second_factor,
                "end-session": account.end_session,
                "end-others": account.end_others,
            },
        ),
    ),
)
