"""`switchboard guide`: the commands and their options. What each does is in the module it imports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer(
    help="Walk people through a supportive session, and notice when they are in danger.", no_args_is_help=True
)
flow = typer.Typer(help="Check, draw and try the flows that sessions follow.", no_args_is_help=True)
resources = typer.Typer(help="The lines that people in danger are shown.", no_args_is_help=True)
commands.add_typer(flow, name="flow")
commands.add_typer(resources, name="resources")

Step = Annotated[
    str | None,
    typer.Option(help="The question that it answers: support_people, strengths, worries or goals."),
]


@commands.command()
def chat(
    ctx: typer.Context,
    flow: Annotated[str | None, typer.Option(help="The flow to follow. [default: the settings']")] = None,
    country: Annotated[str | None, typer.Option(help="Country whose lines are shown: AU, GB, …")] = None,
    language: Annotated[str | None, typer.Option(help="Language of the session.")] = None,
    session: Annotated[str | None, typer.Option(metavar="SESSION_ID", help="Go on with a session.")] = None,
) -> None:
    """Hold a session in the terminal: each line you write is a message. /quit or Ctrl-D leaves it for later."""
    from switchboard.apps.guide.commands.chat import hold_chat

    with ctx.obj() as platform:
        hold_chat(platform, flow=flow, country=country, language=language, session_id=session)


@commands.command()
def risk(
    text: Annotated[list[str] | None, typer.Argument(help="What was written.")] = None,
    step: Step = None,
    jsonl: Annotated[
        bool,
        typer.Option(
            "--jsonl",
            help='Read `{"text": …, "step": …}` a line from standard input and answer a line for each, in order.',
        ),
    ] = False,
) -> None:
    """Say whether a message tells of danger, and by which words. Needs no database and no network."""
    from switchboard.apps.guide.commands.reading import read_jsonl, tell_risk

    if jsonl:
        if not read_jsonl():
            raise typer.Exit(1)
        return
    tell_risk(" ".join(text or []), step)


@commands.command()
def intent(
    text: Annotated[list[str], typer.Argument(help="What was written.")],
    step: Step = None,
) -> None:
    """Say what a message is held to be for, how sure that is, and by which method."""
    from switchboard.apps.guide.commands.reading import tell_intent

    tell_intent(" ".join(text), step)


@flow.command("check")
def check_flow(file: Annotated[Path, typer.Argument(metavar="FILE", help="A flow, as TOML.")]) -> None:
    """Say all that is wrong with a flow: states never reached, states without a way out, texts that lack."""
    from switchboard.apps.guide.commands.flows import check

    if not check(file):
        raise typer.Exit(1)


@flow.command("draw")
def draw_flow(
    which: Annotated[str, typer.Argument(metavar="FILE|FLOW", help="A flow's file, or one that ships.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write it there; *.svg is a picture. [default: Mermaid]"),
    ] = None,
) -> None:
    """Draw a flow."""
    from switchboard.apps.guide.commands.flows import draw

    draw(which, out)


@flow.command("try")
def try_flow(
    which: Annotated[str, typer.Argument(metavar="FILE|FLOW", help="A flow's file, or one that ships.")],
    country: Annotated[str | None, typer.Option(help="Country whose lines are shown.")] = None,
) -> None:
    """Walk through a flow in the terminal; nothing is stored."""
    from switchboard.apps.guide.commands.flows import try_out

    try_out(which, country)


@flow.command("list")
def list_flows() -> None:
    """The flows that ship and those of your folder."""
    from switchboard.apps.guide.commands.flows import show_all

    show_all()


@resources.command("list")
def list_resources(
    ctx: typer.Context,
    country: Annotated[str | None, typer.Option(help="Only this country: AU, GB, …")] = None,
) -> None:
    """The lines, with when a person last made sure of each."""
    from switchboard.apps.guide.commands.lines import show

    with ctx.obj() as platform:
        show(platform, country)


@resources.command("check")
def check_resources(ctx: typer.Context) -> None:
    """Warn of lines verified over six months ago; fail for over twelve. Unverified ones are named."""
    from switchboard.apps.guide.commands.lines import check

    with ctx.obj() as platform:
        if not check(platform):
            raise typer.Exit(1)


@resources.command("verify")
def verify_resource(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help="The line's id, as `list` shows it.")],
    by: Annotated[str, typer.Option(help="Who called the line, or read its own page, today.")],
) -> None:
    """Put down that a person made sure of a line today."""
    from switchboard.apps.guide.commands.lines import verify

    with ctx.obj() as platform:
        verify(platform, id, by)


@commands.command()
def report(
    ctx: typer.Context,
    weeks: Annotated[int, typer.Option(min=1, max=520, help="How many weeks back.")] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The figures by week: begun, finished, left at which question. Counts under five are not shown."""
    from switchboard.apps.guide.commands.figures import show_report

    with ctx.obj() as platform:
        show_report(platform, weeks, as_json)


@commands.command()
def retention(
    ctx: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be deleted; change nothing.")
    ] = False,
) -> None:
    """Delete what is past its days now, as the schedule does every hour, and say how much."""
    from switchboard.apps.guide.commands.figures import run_retention

    with ctx.obj() as platform:
        run_retention(platform, is_dry=dry_run)


@commands.command("import")
def import_history(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="OLD.db", help="A SQLite file with the table chat_history.")
    ],
) -> None:
    """Bring the conversations of an earlier guide in; each one's first moment becomes its session's start."""
    from switchboard.apps.guide.commands.importing import bring_in

    with ctx.obj() as platform:
        bring_in(platform, file)


@commands.command("train-risk")
def train_risk(
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the model goes. [default: its place]")
    ] = None,
) -> None:
    """Learn the risk model anew from the examples that ship with it; the same examples make the same model."""
    from switchboard.apps.guide.commands.training import learn_risk

    learn_risk(out)


@commands.command("train-intents")
def train_intents(
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the model goes. Needed unless --linear.")
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="DistilBERT's files, to begin with. Without it a small model is made."
        ),
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl", help='`{"text": …, "intent": …}` a line. [default: those that ship]'
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, max=100, help="How often every example is seen.")
    ] = None,
    linear: Annotated[
        bool, typer.Option("--linear", help="Learn the linear model that ships anew instead.")
    ] = False,
) -> None:
    """Fine-tune a DistilBERT classifier of intents and write it for SWITCHBOARD_GUIDE_INTENTS_DIR. Nothing is fetched."""
    from switchboard.apps.guide.commands.training import learn_intents, train_encoder

    if linear:
        learn_intents(out)
    else:
        train_encoder(out, base, examples, epochs)
