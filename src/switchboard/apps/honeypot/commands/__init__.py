"""`switchboard honeypot`: the commands and their options. What each does is in the module it imports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

commands = typer.Typer(help="Keep scammers talking and collect what identifies them.", no_args_is_help=True)

SessionId = Annotated[
    str, typer.Argument(metavar="SESSION_ID", help="The session's id, as `sessions` shows it.")
]

Since = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Sessions begun on this day or later, UTC."
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Sessions begun before this day, UTC."),
]


@commands.command()
def chat(
    ctx: typer.Context,
    persona: Annotated[str | None, typer.Option(help="Id of the persona that answers.")] = None,
    source_type: Annotated[
        str | None,
        typer.Option(help="Where the messages come from: sms, whatsapp, email, … [default: sms]"),
    ] = None,
    session: Annotated[
        str | None, typer.Option(metavar="SESSION_ID", help="Go on with an open session.")
    ] = None,
) -> None:
    """Play the scammer: each line you write is a message, the persona answers. /quit or Ctrl-D ends it."""
    from switchboard.apps.honeypot.commands.chat import hold_chat

    with ctx.obj() as platform:
        hold_chat(platform, persona_id=persona, source_type=source_type, session_id=session)


@commands.command()
def replay(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Messages: .jsonl (one object a line) or .csv, with a `message` column. Also read, where "
            "present: source_type, conversation (its rows are turns of one session), label (scam or ham), "
            "expected.",
        ),
    ],
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json", help="Where the report goes. [default: FILE's name-report.json, here]"
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Play the first rows only.")] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=256, help="Conversations played at the same time.")
    ] = 16,
) -> None:
    """Play a file of messages through the honeypot and say what came of it. Repeating it stores nothing twice."""
    from switchboard.apps.honeypot.commands.replay import replay_file

    with ctx.obj() as platform:
        is_complete = replay_file(platform, file, report_path=report, limit=limit, concurrency=concurrency)
    if not is_complete:
        raise typer.Exit(1)


@commands.command()
def sessions(
    ctx: typer.Context,
    status: Annotated[
        str | None, typer.Option(help="Only sessions in this state: ongoing, terminated, …")
    ] = None,
    scam_type: Annotated[
        str | None, typer.Option(help="Only this kind of scam, as the list names it.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show.")] = 50,
) -> None:
    """List the sessions, newest first."""
    from switchboard.apps.honeypot.commands.views import show_sessions

    with ctx.obj() as platform:
        show_sessions(platform, status=status, scam_type=scam_type, limit=limit)


@commands.command()
def show(ctx: typer.Context, session_id: SessionId) -> None:
    """Show a session: what was said, with the values that gave somebody away between « and »."""
    from switchboard.apps.honeypot.commands.views import show_session

    with ctx.obj() as platform:
        show_session(platform, session_id)


@commands.command()
def search(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="Words, part of a number, or any written form of a value.")],
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many messages to show.")] = 50,
) -> None:
    """Find what was said and given away, across all sessions."""
    from switchboard.apps.honeypot.commands.views import show_found

    with ctx.obj() as platform:
        show_found(platform, text, limit=limit)


@commands.command()
def delete(
    ctx: typer.Context,
    session_id: SessionId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a session with all that was said in it."""
    from switchboard.apps.honeypot.commands.views import delete_session

    with ctx.obj() as platform:
        delete_session(platform, session_id, is_confirmed=yes)


@commands.command()
def end(
    ctx: typer.Context,
    session_id: SessionId,
    reason: Annotated[str | None, typer.Option(help="Why, for whoever reads it later.")] = None,
) -> None:
    """End an open session by hand: nothing more is said to the scammer."""
    from switchboard.apps.honeypot.commands.views import end_session

    with ctx.obj() as platform:
        end_session(platform, session_id, reason)


@commands.command()
def intelligence(
    ctx: typer.Context,
    value: Annotated[str | None, typer.Argument(help="Any written form of a value.")] = None,
    type: Annotated[str | None, typer.Option(help="Only this type: phone, upi, bank_account, …")] = None,
    bank: Annotated[str | None, typer.Option(help="Only accounts and branches of this bank.")] = None,
    least_sessions: Annotated[int, typer.Option(min=1, help="Only values that so many sessions name.")] = 1,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show.")] = 50,
) -> None:
    """List what was given away across all sessions, last seen first; with a VALUE, who named it."""
    from switchboard.apps.honeypot.commands.links import show_intelligence

    with ctx.obj() as platform:
        show_intelligence(platform, value, kind=type, bank=bank, least_sessions=least_sessions, limit=limit)


@commands.command()
def campaigns(
    ctx: typer.Context,
    campaign_id: Annotated[
        str | None, typer.Argument(metavar="CAMPAIGN_ID", help="Show this one with its sessions.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Give that campaign a name of your own.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show.")] = 50,
) -> None:
    """List the campaigns: sessions that hang together through what they gave away."""
    from switchboard.apps.honeypot.commands.links import show_campaign, show_campaigns

    if campaign_id is None and name is not None:
        raise typer.BadParameter("name one campaign to give it a name: campaigns CAMPAIGN_ID --name …")
    with ctx.obj() as platform:
        if campaign_id is None:
            show_campaigns(platform, limit=limit)
        else:
            show_campaign(platform, campaign_id, name=name)


@commands.command()
def export(
    ctx: typer.Context,
    session_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[SESSION_ID]...", help="Only these. [default: all]")
    ] = None,
    format: Annotated[
        str, typer.Option(help="json, csv (a row a value), csv-sessions, csv-messages, stix or misp.")
    ] = "json",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the file goes. [default: standard output]")
    ] = None,
    campaign: Annotated[
        str | None, typer.Option(metavar="CAMPAIGN_ID", help="Only the sessions of this campaign.")
    ] = None,
    status: Annotated[str | None, typer.Option(help="Only sessions in this state.")] = None,
    scam_type: Annotated[str | None, typer.Option(help="Only this kind of scam.")] = None,
    source_type: Annotated[str | None, typer.Option(help="Only sessions from here: sms, email, …")] = None,
    since: Since = None,
    until: Until = None,
    scams_only: Annotated[bool, typer.Option(help="Leave out what is no scam.")] = False,
    sharing: Annotated[
        str, typer.Option(help="How far it may be passed on: clear, green, amber, amber+strict, red.")
    ] = "amber",
) -> None:
    """Write sessions as a file for others. PAN and Aadhaar are masked."""
    from switchboard.apps.honeypot.commands.export import Wanted, export_sessions

    wanted = Wanted(
        tuple(session_ids or ()),
        campaign,
        status,
        scam_type,
        source_type,
        _utc(since),
        _utc(until),
        scams_only,
    )
    with ctx.obj() as platform:
        export_sessions(platform, wanted, format=format, sharing=sharing, out=out)


@commands.command()
def analytics(ctx: typer.Context, since: Since = None, until: Until = None) -> None:
    """Show what the sessions came to: by day, by scam type, by persona. [default: the last 30 days]"""
    from switchboard.apps.honeypot.commands.figures import show_figures

    with ctx.obj() as platform:
        show_figures(platform, since=_utc(since), until=_utc(until))


@commands.command()
def extract(
    text: Annotated[str | None, typer.Argument(help="The text. [default: standard input]")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Answer each line {"text": …} of standard input on its own line.')
    ] = False,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --jsonl: read the lines from here.")
    ] = None,
) -> None:
    """Find the identifiers in a text, as JSON. Needs no database. PAN and Aadhaar are printed in full."""
    from switchboard.apps.honeypot.commands.batch import extract_entities

    _answer_texts(extract_entities, text, jsonl=jsonl, file=file)


@commands.command()
def detect(
    text: Annotated[str | None, typer.Argument(help="The text. [default: standard input]")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Answer each line {"text": …} of standard input on its own line.')
    ] = False,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --jsonl: read the lines from here.")
    ] = None,
) -> None:
    """Say whether a text is a scam, of which kind and why, as JSON. Needs no database."""
    from switchboard.apps.honeypot.commands.batch import detect_scam

    _answer_texts(detect_scam, text, jsonl=jsonl, file=file)


@commands.command("train-detector")
def train_detector(
    messages: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl",
            help="Published messages to train on besides our own examples: text, label (scam, spam or ham), "
            "source. Only sources beginning uci_ or mishra_ are used.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE.json", help="Where the weights go.")] = Path(
        "detector.json"
    ),
) -> None:
    """Find the detector's weights anew. The same examples give the same file, byte for byte."""
    from switchboard.apps.honeypot.training.trainer import train

    train(messages, out, typer.echo)


@commands.command("rebuild-links")
def rebuild_links(ctx: typer.Context) -> None:
    """Count values, campaigns and daily figures anew from the sessions, beside a running server too."""
    from switchboard.apps.honeypot.commands.links import rebuild_links_between_sessions

    with ctx.obj() as platform:
        rebuild_links_between_sessions(platform)


@commands.command("rebuild-search")
def rebuild_search(ctx: typer.Context) -> None:
    """Make the search index anew from the stored messages, beside a running server too."""
    from switchboard.apps.honeypot.commands.views import rebuild_search_index

    with ctx.obj() as platform:
        rebuild_search_index(platform)


def _utc(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)


def _answer_texts(
    judge: Callable[[str], dict[str, Any]], text: str | None, *, jsonl: bool, file: Path | None
) -> None:
    from switchboard.apps.honeypot.commands.batch import answer_lines, answer_one

    if jsonl and text is not None:
        raise typer.BadParameter("give either one text, or --jsonl with its lines")
    if file is not None and not jsonl:
        raise typer.BadParameter("--file goes with --jsonl")
    if not jsonl:
        answer_one(judge, text)
    elif not answer_lines(judge, file):
        raise typer.Exit(1)
