"""`switchboard callbacks`: where an app's results are sent, and what became of them."""

from __future__ import annotations

from typing import Annotated

import typer

callbacks = typer.Typer(
    help="Send results to other systems and see what became of them.", no_args_is_help=True
)

App = Annotated[str, typer.Option("--app", help="The app whose results are meant.")]


@callbacks.command()
def add(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="Address that takes signed POST requests.")],
    app: App = "honeypot",
) -> None:
    """Send an app's results to an address from now on. The signing secret is shown once."""
    from switchboard.kernel.outbound.addresses import AddressPolicy
    from switchboard.kernel.security.caller import command_caller

    with ctx.obj() as platform:
        policy = AddressPolicy(platform.settings.outbound_networks.split(","))
        id, secret = platform.outbox(app).add_endpoint(url, command_caller(), policy)
    typer.echo(
        f"Callback {id} is on. Verify its signatures (Standard Webhooks) with this secret, shown this once:"
    )
    typer.echo(f"\n    {secret}\n")


@callbacks.command("list")
def list_callbacks(ctx: typer.Context, app: App = "honeypot") -> None:
    """List the addresses that get an app's results."""
    from rich.table import Table

    from switchboard.kernel import terminal

    with ctx.obj() as platform:
        found = platform.outbox(app).list_endpoints()
    if not found:
        typer.echo("No results are sent anywhere. Add an address with `switchboard callbacks add URL`.")
        return
    table = Table("Id", "Address", "Since", "State")
    for row in found:
        state = f"off: {row['disabled_reason']}" if row["disabled_at"] else "on"
        table.add_row(row["id"], terminal.one_line(row["url"]), f"{row['created_at']:%Y-%m-%d %H:%M}", state)
    terminal.output().print(table)


@callbacks.command()
def remove(
    ctx: typer.Context, id: Annotated[str, typer.Argument(help="As `list` shows it.")], app: App = "honeypot"
) -> None:
    """Stop sending to an address and drop what is queued for it."""
    from switchboard.kernel.security.caller import command_caller

    with ctx.obj() as platform:
        platform.outbox(app).remove_endpoint(id, command_caller())
    typer.echo("Removed.")


@callbacks.command()
def results(
    ctx: typer.Context,
    app: App = "honeypot",
    status: Annotated[str, typer.Option(help="PENDING, SENT or FAILED; empty: all.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """Show the newest results and how their delivery went."""
    from rich.table import Table

    from switchboard.kernel import terminal

    with ctx.obj() as platform:
        found = platform.outbox(app).list_results(status.upper(), limit)
    if not found:
        typer.echo("There are no such results.")
        return
    table = Table("Id", "About", "State", "Tries", "Made", "Last error")
    for row in found:
        table.add_row(
            row["id"],
            row["object_id"],
            row["status"],
            str(row["attempts"]),
            f"{row['created_at']:%Y-%m-%d %H:%M}",
            terminal.one_line(row["last_error"] or ""),
        )
    terminal.output().print(table)


@callbacks.command()
def retry(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(help="A failed result's id, or 'all'.")],
    app: App = "honeypot",
) -> None:
    """Offer failed results again."""
    from switchboard.kernel.security.caller import command_caller

    with ctx.obj() as platform:
        count = platform.outbox(app).retry(id, command_caller())
    typer.echo(f"{count} to be sent again.")
