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
