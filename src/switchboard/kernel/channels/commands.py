"""`switchboard channels`: where apps can be reached, and who may show it."""

from __future__ import annotations

from typing import Annotated

import typer

channels = typer.Typer(
    help="Say where apps can be reached: titles, greetings, allowed sites.", no_args_is_help=True
)

App = Annotated[str, typer.Option("--app", help="The app that is reached.")]


@channels.command("list")
def list_channels(ctx: typer.Context, app: App = "honeypot") -> None:
    """List an app's channel accounts."""
    import asyncio

    from rich.table import Table

    from switchboard.kernel import terminal
    from switchboard.kernel.channels.accounts import ChannelAccounts
    from switchboard.kernel.security.caller import command_caller

    with ctx.obj() as platform:
        platform.chains(app)
        found = asyncio.run(ChannelAccounts(platform, app).list_accounts(command_caller()))
    if not found:
        typer.echo(f"{app} can be reached nowhere. SWITCHBOARD_WEBCHAT_APPS={app} opens its chat page.")
        return
    table = Table("Channel", "Title", "Allowed sites", "State")
    for account in found:
        sites = ", ".join(account.allowed_origins) or "its own page alone"
        state = "on" if account.is_enabled else "off"
        table.add_row(account.channel, terminal.one_line(account.title), sites, state)
    terminal.output().print(table)


@channels.command("set")
def change(
    ctx: typer.Context,
    channel: Annotated[str, typer.Argument(help="The channel, as `switchboard channels list` names it.")],
    app: App = "honeypot",
    origin: Annotated[
        list[str] | None,
        typer.Option(
            "--origin", help="A site that may show the chat (https://…); repeat for more, 'none' for none."
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="What stands above the chat.")] = None,
    greeting: Annotated[str | None, typer.Option(help="What is said before anybody wrote.")] = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Open it, or close it.")] = None,
) -> None:
    """Change a channel account; what is not named stays."""
    import asyncio

    from switchboard.kernel.channels.accounts import ChannelAccounts
    from switchboard.kernel.security.caller import command_caller

    with ctx.obj() as platform:
        platform.chains(app)
        origins = None if origin is None else [each for each in origin if each != "none"]
        account = asyncio.run(
            ChannelAccounts(platform, app).change_account(
                command_caller(),
                channel,
                allowed_origins=origins,
                title=title,
                greeting=greeting,
                is_enabled=on,
            )
        )
    typer.echo(
        f"{app} on {account.channel}: {'on' if account.is_enabled else 'off'}, titled {account.title!r}."
    )
    for site in account.allowed_origins:
        typer.echo(f"  may be shown by {site}")
