"""`switchboard db`: the databases at the command line."""

from __future__ import annotations

import typer

db = typer.Typer(help="Look after the databases.", no_args_is_help=True)


@db.command()
def migrate(ctx: typer.Context) -> None:
    """Bring every database to the newest shape. Safe to run again, and from several machines at once."""
    with ctx.obj(migrated=False) as platform:
        applied = platform.migrate()
    for step in applied:
        typer.echo(f"applied {step}")
    typer.echo("Every database is up to date." if not applied else f"{len(applied)} steps applied.")


@db.command()
def tidy(ctx: typer.Context) -> None:
    """Do the nightly upkeep now: merge the search index, and wipe the last traces of what was deleted."""
    from switchboard.kernel import upkeep
    from switchboard.kernel.security.caller import command_caller

    with ctx.obj() as platform:
        compacted = upkeep.tidy(platform, command_caller())
    for name in compacted:
        typer.echo(f"{name}: written anew, nothing of what was deleted remains in it.")
    if not compacted:
        typer.echo("Nothing was deleted since the last time. The search indexes are merged.")
