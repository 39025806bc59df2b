"""`switchboard accounts`: people who sign in, at the command line. A password is typed or piped, never an argument."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    from switchboard.kernel.platform import Platform
    from switchboard.kernel.security.accounts import Account, Accounts
    from switchboard.kernel.security.caller import Caller
    from switchboard.kernel.security.permissions import Role
    from switchboard.kernel.settings import Settings

accounts = typer.Typer(help="Make, list and look after the accounts of people.", no_args_is_help=True)

_ROLE_HELP = "`administrator` for everything, or `honeypot=analyst` for one app; repeat for more."
_Name = Annotated[str, typer.Argument(help="The account's name, as `accounts list` shows it.")]


@accounts.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A short name or an e-mail address.")],
    role: Annotated[list[str], typer.Option("--role", help=_ROLE_HELP)],
    display_name: Annotated[str | None, typer.Option(help="The name that is shown.")] = None,
    with_password: Annotated[
        bool,
        typer.Option("--with-password", help="Ask for the password now, or read it from standard input."),
    ] = False,
) -> None:
    """Make an account and print a link by which the person sets a password."""
    from switchboard.kernel.security.caller import command_caller

    roles, me = _read_roles(role), command_caller()
    password = _read_password() if with_password else None
    with ctx.obj() as platform:
        people: Accounts = platform.accounts
        if password is not None:
            asyncio.run(
                people.create_account_with_password(me, name, roles, password, display_name=display_name)
            )
            typer.echo(f"Made the account {name}.")
            return
        account, token = asyncio.run(people.create_account(me, name, roles, display_name=display_name))
        typer.echo(f"Made the account {account.name}. This link sets its password, once, within 7 days:\n")
        typer.echo(f"    {_link(platform.settings, f'/password/{token}')}")


@accounts.command("list")
def list_accounts(ctx: typer.Context) -> None:
    """List all accounts."""
    from rich.table import Table

    from switchboard.kernel import terminal
    from switchboard.kernel.security.caller import command_caller

    with ctx.obj() as platform:
        found = asyncio.run(platform.accounts.list_accounts(command_caller()))
    if not found:
        typer.echo("There is no account yet. Make one with `switchboard accounts setup-link`.")
        return
    table = Table("Name", "Shown as", "Roles", "Second factor", "Made", "Last signed in", "State")
    for account in found:
        table.add_row(
            account.name,
            terminal.one_line(account.display_name or ""),
            _written_roles(account),
            "on" if account.has_second_factor else "off",
            f"{account.created_at:%Y-%m-%d %H:%M}",
            f"{account.last_signed_in_at:%Y-%m-%d %H:%M}" if account.last_signed_in_at else "never",
            _state(account),
        )
    terminal.output().print(table)


@accounts.command()
def disable(ctx: typer.Context, name: _Name) -> None:
    """Keep somebody out; their sessions and links end at once."""
    account = _with_account(ctx, name, lambda people, me, account: people.disable(me, account.id))
    typer.echo(f"Disabled {account.name}. `switchboard accounts enable {account.name}` lets them in again.")


@accounts.command()
def enable(ctx: typer.Context, name: _Name) -> None:
    """Let somebody sign in again, with the password they had."""
    account = _with_account(ctx, name, lambda people, me, account: people.enable(me, account.id))
    typer.echo(f"Enabled {account.name}.")


@accounts.command("reset-password")
def reset_password(
    ctx: typer.Context,
    name: _Name,
    remove_second_factor: Annotated[
        bool, typer.Option("--remove-second-factor", help="The person has lost that as well.")
    ] = False,
) -> None:
    """Void a password and print a link that sets another."""
    token = _with_account(
        ctx,
        name,
        lambda people, me, account: people.reset_password(
            me, account.id, remove_second_factor=remove_second_factor
        ),
    )
    typer.echo("The old password is void. This link sets another, once, within 24 hours:\n")
    with ctx.obj() as platform:
        typer.echo(f"    {_link(platform.settings, f'/password/{token}')}")


@accounts.command()
def sessions(
    ctx: typer.Context,
    name: _Name,
    end: Annotated[bool, typer.Option("--end", help="Sign the person out everywhere.")] = False,
) -> None:
    """List where somebody is signed in, or end it."""
    from rich.table import Table

    from switchboard.kernel import terminal

    if end:
        ended = _with_account(ctx, name, lambda people, me, account: people.end_sessions(me, account.id))
        typer.echo(f"Ended {terminal.count(ended, 'session')}.")
        return
    found = _with_account(ctx, name, lambda people, me, account: people.list_sessions(me, account.id))
    if not found:
        typer.echo(f"{name} is not signed in anywhere.")
        return
    table = Table("Signed in", "Last seen", "Address", "Browser")
    for session in found:
        table.add_row(
            terminal.moment(session.signed_in_at),
            terminal.moment(session.last_seen_at),
            session.address or "",
            terminal.one_line(session.user_agent or ""),
        )
    terminal.output().print(table)


@accounts.command()
def roles(
    ctx: typer.Context,
    name: _Name,
    role: Annotated[list[str] | None, typer.Option("--role", help=_ROLE_HELP)] = None,
) -> None:
    """Show somebody's roles, or give others in their place."""
    if not role:
        account = _with_account(ctx, name, lambda people, me, account: people.get_account(me, account.id))
    else:
        wanted = _read_roles(role)
        account = _with_account(
            ctx, name, lambda people, me, account: people.set_roles(me, account.id, wanted)
        )
    typer.echo(f"{account.name}: {_written_roles(account)}")


@accounts.command("setup-link")
def setup_link(ctx: typer.Context) -> None:
    """Print a link that makes the first administrator; the one before stops working."""
    with ctx.obj() as platform:
        token = platform.accounts.make_setup_token()
        typer.echo("This link makes the first administrator, once, within 24 hours:\n")
        typer.echo(f"    {_link(platform.settings, f'/setup/{token}')}")


def _with_account(
    ctx: typer.Context,
    name: str,
    act: Callable[[Accounts, Caller, Account], Coroutine[Any, Any, Any]],
) -> Any:
    """Do something to the account of this name."""
    from switchboard.kernel.security.caller import command_caller

    async def find_and_act(platform: Platform) -> Any:
        me = command_caller()
        account = await platform.accounts.get_account_named(me, name)
        return await act(platform.accounts, me, account)

    with ctx.obj() as platform:
        return asyncio.run(find_and_act(platform))


def _read_roles(written: Sequence[str]) -> dict[str, Role]:
    """`analyst` holds everywhere, `honeypot=analyst` in one app. What is wrong is refused by the service."""
    from typing import cast

    from switchboard.kernel.security.permissions import EVERYWHERE

    pairs = (each.rpartition("=") for each in written)
    return {
        EVERYWHERE if scope in ("", "all") else scope: cast("Role", role.strip().lower())
        for scope, _, role in pairs
    }


def _read_password() -> str:
    """From the terminal, twice and unseen, or the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _written_roles(account: Account) -> str:
    return ", ".join(
        f"{'all' if scope == '*' else scope}={role}" for scope, role in sorted(account.roles.items())
    )


def _state(account: Account) -> str:
    if account.disabled_at is not None:
        return "disabled"
    return "works" if account.has_password else "has no password yet"


def _link(settings: Settings, path: str) -> str:
    """The address at which people reach the server: as it is set, as the server beside says, as it would be."""
    from switchboard.kernel.database.server_lock import ServerLock

    if settings.public_url is not None:
        return f"{settings.public_url}{path}"
    if not settings.is_postgresql and (address := ServerLock(settings.data_dir).address()) is not None:
        return f"{address}{path}"
    if settings.port == 0:
        return path
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}{path}"
