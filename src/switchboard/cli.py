"""The command line: what the kernel and the apps offer, as one list. Commands import what they use."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from switchboard import __version__
from switchboard.apps import APPS
from switchboard.kernel.app import App
from switchboard.kernel.callbacks_commands import callbacks
from switchboard.kernel.channels.commands import channels
from switchboard.kernel.database_commands import db
from switchboard.kernel.errors import SwitchboardError
from switchboard.kernel.security.accounts_commands import accounts
from switchboard.kernel.security.audit_commands import audit
from switchboard.kernel.security.keys_commands import keys

if TYPE_CHECKING:
    from switchboard.kernel.platform import Platform

cli = typer.Typer(
    help="Switchboard: durable conversations and the apps on them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cli.add_typer(accounts, name="accounts")
cli.add_typer(keys, name="keys")
cli.add_typer(audit, name="audit")
cli.add_typer(callbacks, name="callbacks")
cli.add_typer(channels, name="channels")
cli.add_typer(db, name="db")


def _group_of(app: App) -> type[TyperGroup]:
    """A command group that loads its app's commands when one is asked for, not when it is listed."""

    class AppGroup(TyperGroup):
        def _load(self) -> None:
            if not self.commands:
                self.commands = dict(typer.main.get_group(app.commands()).commands)

        def list_commands(self, ctx: Any) -> list[str]:
            self._load()
            return super().list_commands(ctx)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            self._load()
            return super().get_command(ctx, cmd_name)

    return AppGroup


for _app in APPS:
    cli.add_typer(typer.Typer(), name=_app.name, help=_app.summary, cls=_group_of(_app), no_args_is_help=True)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"Switchboard {__version__}")
        raise typer.Exit


@cli.callback()
def _root(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None:
    ctx.obj = open_platform


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0: any.")] = None,
    console: Annotated[
        bool | None,
        typer.Option("--console/--no-console", help="Open the console for people, or the API alone."),
    ] = None,
) -> None:
    """Serve the API and the console; on SQLite also run schedules and deliveries."""
    from switchboard.kernel.platform import Platform
    from switchboard.kernel.settings import load_settings
    from switchboard.server import serve as run

    given = {
        name: value
        for name, value in (("host", host), ("port", port), ("console", console))
        if value is not None
    }
    run(Platform(load_settings().model_copy(update=given), APPS))


@cli.command()
def work() -> None:
    """Run schedules and deliveries beside servers on PostgreSQL."""
    from switchboard.kernel.platform import Platform
    from switchboard.kernel.settings import load_settings
    from switchboard.worker import work as run

    run(Platform(load_settings(), APPS))


@cli.command()
def doctor() -> None:
    """Say what runs, where its data is, and what is wrong, in plain words."""
    from switchboard.kernel.doctor import examine

    with open_platform(migrated=False) as platform:
        findings = examine(platform)
    for finding in findings:
        typer.echo(f"{finding.mark} {finding.text}")
        if finding.next_step:
            typer.echo(f"    {finding.next_step}")
    if any(finding.is_wrong for finding in findings):
        raise typer.Exit(1)


@contextmanager
def open_platform(*, migrated: bool = True) -> Iterator[Platform]:
    """A platform for one command, beside a running server or without one; migrated first if asked."""
    from switchboard.kernel import logging
    from switchboard.kernel.platform import Platform
    from switchboard.kernel.settings import load_settings

    settings = load_settings()
    logging.configure(settings)
    platform = Platform(settings, APPS)
    try:
        if migrated:
            platform.migrate()
        yield platform
    finally:
        platform.close()


def main() -> None:
    """Run a command. An error is one sentence and a next step on standard error, and exit status 1."""
    # What this program writes is its owner's to read: databases, keys, reports.
    os.umask(0o077)
    try:
        cli()
    except SwitchboardError as error:
        _fail(error.message, error.hint)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        sys.stderr.close()
        sys.exit(141)
    except Exception as error:
        if _wants_traceback():
            raise
        _fail(
            # A driver's error can quote the row it failed on, and with it what somebody wrote.
            f"Something failed: {type(error).__name__}.",
            "Run `switchboard doctor`; with SWITCHBOARD_LOG_LEVEL=debug the same command shows where it failed.",
        )


def _wants_traceback() -> bool:
    return os.environ.get("SWITCHBOARD_LOG_LEVEL") == "debug"


def _fail(message: str, hint: str) -> None:
    print(f"Error: {message}", file=sys.stderr)
    if hint:
        print(f"  {hint}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
