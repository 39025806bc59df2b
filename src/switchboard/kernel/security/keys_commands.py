"""`switchboard keys`: API keys at the command line."""

from __future__ import annotations

from typing import Annotated

import typer

keys = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


@keys.command()
def create(
    ctx: typer.Context,
    app: Annotated[list[str], typer.Option("--app", help="An app the key opens; repeat for more, or 'all'.")],
    name: Annotated[str, typer.Option(help="What will use the key.")] = "key",
    role: Annotated[
        str, typer.Option(help="What it may do there: viewer, analyst or administrator.")
    ] = "analyst",
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days until it expires; empty: never.")
    ] = None,
    rate: Annotated[
        int | None, typer.Option(min=0, help="Requests a minute; 0: no limit; empty: the setting.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the key alone.")] = False,
) -> None:
    """Make an API key. It is shown once."""
    from datetime import timedelta

    from switchboard.kernel.errors import Invalid
    from switchboard.kernel.security.caller import command_caller
    from switchboard.kernel.security.keys import ALL_APPS
    from switchboard.kernel.security.permissions import ROLES, is_role

    if not is_role(role):
        raise Invalid(f"There is no role {role!r}.", hint=f"Use --role with one of: {', '.join(ROLES)}.")
    with ctx.obj() as platform:
        for each in app:
            if each not in (*platform.app_names, "all"):
                raise Invalid(
                    f"There is no app called {each!r}.",
                    hint=f"Use --app with one of: {', '.join((*platform.app_names, 'all'))}.",
                )
        key, token = platform.keys.create(
            command_caller(),
            name,
            [ALL_APPS if each == "all" else each for each in app],
            role=role,
            lifetime=None if days is None else timedelta(days=days),
            rate_limit_per_minute=rate,
        )
    if quiet:
        typer.echo(token)
        return
    typer.echo(
        f"API key {key.prefix} for {', '.join(sorted(app))} as {role}, shown this once:\n\n    {token}\n"
    )
    typer.echo(
        f"Send it as `Authorization: Bearer <key>`. Revoke it with `switchboard keys revoke {key.prefix}`."
    )


@keys.command("list")
def list_keys(ctx: typer.Context) -> None:
    """List all API keys, without their secrets."""
    from rich.table import Table

    from switchboard.kernel import terminal
    from switchboard.kernel.security.caller import command_caller

    with ctx.obj() as platform:
        found = platform.keys.list_keys(command_caller())
        now = platform.clock.now()
    if not found:
        typer.echo("There is no API key yet. Make one with `switchboard keys create --app honeypot`.")
        return
    table = Table("Prefix", "Name", "Apps", "Role", "Made", "Last used", "State")
    for key in found:
        expired = key.expires_at is not None and key.expires_at <= now
        state = "revoked" if key.revoked_at else "expired" if expired else "works"
        table.add_row(
            key.prefix,
            terminal.one_line(key.name),
            ", ".join(sorted(key.apps)).replace("*", "all"),
            key.role,
            f"{key.created_at:%Y-%m-%d %H:%M}",
            f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never",
            state,
        )
    terminal.output().print(table)


@keys.command()
def revoke(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="The key's prefix or name, as `keys list` shows it.")],
) -> None:
    """Revoke an API key; a running server refuses it within a second."""
    from switchboard.kernel.security.caller import command_caller

    with ctx.obj() as platform:
        revoked = platform.keys.revoke(command_caller(), key)
    typer.echo(f"Revoked {revoked.prefix} ({revoked.name}).")
