"""Guided sessions on both databases: every turn is kept, nothing twice, and what is deleted is gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from switchboard.apps.guide.chat import GuideChat
from switchboard.apps.guide.jobs import apply_retention, fold_weeks
from switchboard.apps.guide.service import Guide
from switchboard.kernel.channels.recorded import converse
from switchboard.kernel.clock import FixedClock
from switchboard.kernel.database.library import library
from switchboard.kernel.database.statement import Statement
from switchboard.kernel.errors import Conflict, Invalid, NotFound
from switchboard.kernel.llm.model import ModelUnavailable
from switchboard.kernel.llm.scripted import Answer, ScriptedModel
from switchboard.kernel.platform import Platform
from switchboard.kernel.security.caller import command_caller
from switchboard.kernel.settings import Settings
from switchboard.kernel.upkeep import tidy

ME = command_caller()
TABLES = (
    "chat_history",
    "sessions",
    "user_responses",
    "other_responses",
    "risk_detections",
    "session_summaries",
    "intent_classifications",
    "resume_links",
    "receipts",
    "channel_messages",
)
ANSWERS = (
    "yes",
    "my nan and Uncle Joe",
    "I draw",
    "my dad hits me",
    "yes I'm safe",
    "carry on",
    "Keep what I said",
)


@pytest.fixture
def guide(platform: Platform) -> Guide:
    return Guide(platform)


def rows(platform: Platform, table: str) -> list[dict[str, Any]]:
    return platform.database("guide").read_now(lambda tx: tx.rows(Statement(f"SELECT * FROM {{{table}}}")))


async def walk(guide: Guide, *messages: str, **given: Any) -> dict[str, Any]:
    """A session in which these were said; the last answer."""
    answer = await guide.start_session(ME, country="AU", **given)
    for message in messages:
        answer = await guide.receive_message(ME, answer["session_id"], message)
    return answer


async def finish(guide: Guide, *last: str) -> dict[str, Any]:
    return await walk(guide, *ANSWERS, "finish year 12", "It's right", *last)


async def test_every_table_of_the_document_is_written(guide: Guide, platform: Platform) -> None:
    answer = await finish(guide)
    id = answer["session_id"]
    [session] = rows(platform, "sessions")
    assert (session["session_id"], session["fsm_state"], session["completed"]) == (id, "summary", True)
    assert session["completion_time"] is not None
    responses = {
        row["step"]: (row["response"], row["attempt_count"]) for row in rows(platform, "user_responses")
    }
    assert responses == {
        "support_people": ("my nan and Uncle Joe", 1),
        "strengths": ("I draw", 1),
        "worries": ("my dad hits me", 1),
        "goals": ("finish year 12", 1),
    }
    [danger] = rows(platform, "risk_detections")
    assert (danger["category"], danger["user_message"]) == ("abuse", "my dad hits me")
    assert danger["trigger_phrase"] in "my dad hits me"
    assert danger["resources_shown"] is True
    [summary] = rows(platform, "session_summaries")
    assert summary["summary_type"] == "complete"
    parts = json.loads(summary["summary_data"])["parts"]
    assert [part["heading"] for part in parts] == ["My people", "My strengths", "My worries", "My goals"]
    intents = rows(platform, "intent_classifications")
    assert len(intents) == len(ANSWERS) + 2
    assert {row["method"] for row in intents} == {"rule_based"}
    lines = sorted(rows(platform, "chat_history"), key=lambda row: row["id"])
    assert [row["role"] for row in lines] == ["bot"] + ["user", "bot"] * 9
    assert "my nan and Uncle Joe" in [row["message"] for row in lines]


async def test_the_state_is_kept_at_every_turn_and_attempts_with_it(guide: Guide, platform: Platform) -> None:
    answer = await walk(guide, "yes", "idk")
    assert rows(platform, "sessions")[0]["fsm_state"] == "support_people"
    assert rows(platform, "user_responses")[0]["attempt_count"] == 1
    await guide.receive_message(ME, answer["session_id"], "hmm")
    [response] = rows(platform, "user_responses")
    assert (response["attempt_count"], response["response"], response["outcome"]) == (2, None, None)


async def test_a_session_goes_on_in_another_process_where_it_stood(
    guide: Guide, platform: Platform, settings: Settings
) -> None:
    answer = await walk(guide, "yes", "my nan", "idk")
    other = Platform(settings, platform.apps, clock=platform.clock)
    try:
        gone_on = await Guide(other).receive_message(ME, answer["session_id"], "still no idea")
        assert gone_on["state"] == "strengths"
        assert "Have another go" in gone_on["reply"]
    finally:
        other.close()


async def test_the_same_message_twice_is_one_turn(guide: Guide, platform: Platform) -> None:
    begun = await guide.start_session(ME, country="AU", client_message_id="begin")
    assert await guide.start_session(ME, country="AU", client_message_id="begin") == begun
    first = await guide.receive_message(ME, begun["session_id"], "yes", "m1")
    again = await guide.receive_message(ME, begun["session_id"], "yes", "m1")
    assert first == again
    assert first["state"] == "support_people"
    assert len(rows(platform, "chat_history")) == 3
    with pytest.raises(Conflict):
        await guide.receive_message(ME, begun["session_id"], "another", "m1")


async def test_messages_at_the_same_moment_each_have_their_turn(guide: Guide, platform: Platform) -> None:
    answer = await walk(guide, "yes")
    said = ["my nan", "I draw", "exams", "sleep more"]
    await asyncio.gather(*(guide.receive_message(ME, answer["session_id"], each) for each in said))
    assert sorted(row["response"] for row in rows(platform, "user_responses")) == sorted(said)
    assert rows(platform, "sessions")[0]["fsm_state"] == "review"


async def test_deleting_leaves_no_row(guide: Guide, platform: Platform) -> None:
    answer = await finish(guide)
    await guide.make_resume_link(ME, answer["session_id"])
    await guide.delete_session(ME, answer["session_id"])
    assert {table: len(rows(platform, table)) for table in TABLES} == dict.fromkeys(TABLES, 0)
    with pytest.raises(NotFound):
        await guide.get_session(ME, answer["session_id"])


async def test_a_person_deletes_everything_by_saying_so(guide: Guide, platform: Platform) -> None:
    answer = await walk(guide, *ANSWERS, "delete my data", "Yes, delete everything")
    assert answer["is_deleted"]
    kept = {table: len(rows(platform, table)) for table in TABLES if table != "receipts"}
    assert kept == dict.fromkeys(kept, 0)
    deed = rows(platform, "audit")[-1]
    assert (deed["action"], deed["object_id"]) == ("delete", answer["session_id"])


async def test_keeping_the_summary_only_removes_the_words(guide: Guide, platform: Platform) -> None:
    await finish(guide, "Keep my summary only")
    assert rows(platform, "chat_history") == []
    assert {row["user_message"] for row in rows(platform, "risk_detections")} == {""}
    assert {row["user_message"] for row in rows(platform, "intent_classifications")} == {""}
    assert len(rows(platform, "user_responses")) == 4
    assert len(rows(platform, "session_summaries")) == 1


async def test_finished_and_abandoned_sessions_go_after_thirty_days_and_words_after_one(
    guide: Guide, platform: Platform, clock: FixedClock
) -> None:
    await finish(guide)
    await walk(guide, "yes", "my nan")
    assert guide.records.describe_retention(ME) == {"sessions": 0, "words": 0}
    clock.advance(timedelta(hours=25))
    assert guide.records.describe_retention(ME) == {"sessions": 0, "words": 1}
    assert apply_retention(platform) == 1
    assert len(rows(platform, "sessions")) == 2
    assert {row["message"] for row in rows(platform, "chat_history")} >= {"my nan"}
    assert "my dad hits me" not in {row["message"] for row in rows(platform, "chat_history")}
    clock.advance(timedelta(days=30))
    assert guide.records.describe_retention(ME) == {"sessions": 2, "words": 0}
    assert apply_retention(platform) == 2
    assert {table: len(rows(platform, table)) for table in TABLES} == dict.fromkeys(TABLES, 0)
    assert apply_retention(platform) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_byte_of_a_deleted_session_is_left_in_the_files(
    guide: Guide, platform: Platform, settings: Settings, clock: FixedClock
) -> None:
    phrase = "zanzibarquokka"
    answer = await walk(
        guide, "yes", f"my friend {phrase}", f"my dad hits me, {phrase}", client_message_id="x1"
    )
    assert _holds(settings.data_dir, phrase)
    await guide.delete_session(ME, answer["session_id"])
    other = await walk(guide, "yes", f"aunty {phrase}")
    clock.advance(timedelta(days=31))
    apply_retention(platform)
    tidy(platform, ME)
    assert not _holds(settings.data_dir, phrase)
    assert not _holds(settings.data_dir, other["session_id"][:8]) or rows(platform, "sessions") == []


def _holds(folder: Path, phrase: str) -> bool:
    return any(phrase.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_a_secret_link_opens_the_session_elsewhere_and_only_its_hash_is_kept(
    guide: Guide, platform: Platform
) -> None:
    answer = await walk(guide, "yes", "my nan", "take a break")
    secret = await guide.make_resume_link(ME, answer["session_id"])
    assert secret not in str(rows(platform, "resume_links"))
    state = await guide.resume_session(ME, secret)
    assert (state["session_id"], state["state"], state["is_paused"]) == (
        answer["session_id"],
        "strengths",
        True,
    )
    returned = await guide.return_to_session(ME, answer["session_id"])
    assert "Welcome back" in returned["reply"]
    assert (await guide.get_session(ME, answer["session_id"]))["is_paused"] is False
    newer = await guide.make_resume_link(ME, answer["session_id"])
    with pytest.raises(NotFound):
        await guide.resume_session(ME, secret)
    assert await guide.resume_session(ME, newer)
    with pytest.raises(NotFound):
        await guide.resume_session(ME, newer + "x")


async def test_a_flow_that_changes_leaves_begun_sessions_as_they_are(
    guide: Guide, platform: Platform, settings: Settings, tmp_path: Path
) -> None:
    answer = await walk(guide, "yes")
    folder = tmp_path / "flows"
    folder.mkdir()
    shipped = Path("src/switchboard/apps/guide/data/flows/four_steps.toml")
    text = (Path(__file__).parents[3] / shipped).read_text(encoding="utf-8")
    (folder / "mine.toml").write_text(
        text.replace("What are you good at", "NEW What are you good at").replace(
            "Now your strengths", "NEW Now your strengths"
        ),
        encoding="utf-8",
    )
    changed = Platform(
        settings.model_copy(update={"guide_flows_dir": folder}), platform.apps, clock=platform.clock
    )
    try:
        later = Guide(changed)
        old = await later.receive_message(ME, answer["session_id"], "my nan")
        assert "NEW" not in old["reply"]
        new = await walk(later, "yes", "my nan")
        assert "NEW" in new["reply"]
        assert (await later.get_session(ME, new["session_id"]))["flow"]["version"] == 2
    finally:
        changed.close()


async def test_a_wrong_flow_stops_the_start_with_all_that_is_wrong(
    platform: Platform, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "bad.toml").write_text('id = "bad"\n', encoding="utf-8")
    wrong = Platform(settings.model_copy(update={"guide_flows_dir": tmp_path}), platform.apps)
    try:
        with pytest.raises(Invalid, match="bad: The flow lacks the field"):
            await Guide(wrong).begin()
    finally:
        wrong.close()


async def test_an_answer_that_only_a_flow_knows_is_kept_too(guide: Guide, platform: Platform) -> None:
    await walk(guide, "ready", "good", "I rested", "go to bed by ten", flow="check_in")
    assert [(row["step"], row["response"]) for row in rows(platform, "other_responses")] == [
        ("next_step", "go to bed by ten")
    ]
    assert [row["step"] for row in rows(platform, "user_responses")] == ["strengths"]


async def test_workers_see_dangers_without_who_told_them_and_note_what_they_did(
    guide: Guide, platform: Platform
) -> None:
    await walk(guide, "yes", "my dad hits me, call me on 0412 345 678 or mail a.b@example.org @jaiboy")
    [danger] = await guide.records.list_detections(ME, {"waiting": True}, None, 10)
    assert "session_id" not in danger
    assert danger["user_message"] == "my dad hits me, call me on [number] or mail [address] [name]"
    assert await guide.records.sum_waiting(ME) == 1
    await guide.records.acknowledge_detection(ME, danger["id"], "told the school")
    [seen] = await guide.records.list_detections(ME, {"acknowledged": True}, None, 10)
    assert seen["note"] == "told the school"
    assert await guide.records.sum_waiting(ME) == 0
    with pytest.raises(Conflict):
        await guide.records.acknowledge_detection(ME, danger["id"], "again")
    with pytest.raises(NotFound):
        await guide.records.acknowledge_detection(ME, 999_999, "x")


async def test_words_are_read_only_with_a_reason_that_is_noted(guide: Guide, platform: Platform) -> None:
    answer = await walk(guide, "yes", "my nan")
    with pytest.raises(Conflict):
        await guide.records.read_conversation(ME, answer["session_id"], " ")
    lines = await guide.records.read_conversation(ME, answer["session_id"], "a complaint")
    assert [line["role"] for line in lines] == ["bot", "user", "bot", "user", "bot"]
    deed = rows(platform, "audit")[-1]
    assert (deed["action"], deed["details_json"]) == ("read", {"reason": "a complaint"})


async def test_figures_by_week_hide_small_counts_and_name_no_session(
    guide: Guide, platform: Platform, clock: FixedClock
) -> None:
    for _ in range(6):
        await walk(guide, "yes", "my nan")
    await finish(guide)
    [week] = await guide.records.sum_weeks(ME, 4)
    flow = week["flows"]["four_steps"]
    assert flow["events"]["session_started"] == 7
    assert flow["events"]["session_completed"] is None
    assert flow["steps"]["support_people"]["entered"] == 7
    assert flow["steps"]["goals"]["entered"] is None
    events = rows(platform, "analytics")
    assert all((row["timestamp"].minute, row["timestamp"].second) == (0, 0) for row in events)
    ids = [row["session_id"] for row in rows(platform, "sessions")]
    assert not any(id in str(events) for id in ids)
    clock.advance(timedelta(days=8))
    assert fold_weeks(platform) == len(events)
    assert fold_weeks(platform) == 0
    folded = rows(platform, "analytics")
    assert {row["event_type"].startswith("weekly.") for row in folded} == {True}
    assert all(row["session_count"] >= 5 or "fewer_than" in row["event_data"] for row in folded)
    [again] = await guide.records.sum_weeks(ME, 4)
    assert again["flows"] == week["flows"]
    assert again["is_over"] is True


async def test_lines_are_changed_verified_and_their_versions_kept(guide: Guide, clock: FixedClock) -> None:
    verified = await guide.contents.verify_resource(ME, "au-lifeline", "Asha")
    assert verified["verified_at"] == clock.now()
    shown = (await walk(guide, "yes", "I want to die"))["reply"]
    assert f"last checked {clock.now():%Y-%m-%d}" in shown
    changed = await guide.contents.change_resource(
        ME, "au-lifeline", {"number": "13 11 15", "dial": "131115"}
    )
    assert changed["verified_at"] is None
    assert "13 11 15" in (await walk(guide, "yes", "I want to die"))["reply"]
    kept = await guide.contents.get_resource(ME, "au-lifeline")
    assert [each["version"] for each in kept["versions"]] == [3, 2]
    for wrong in (
        {"dial": "call me"},
        {"name": ""},
        {"url": "http://x"},
        {"colour": "red"},
        {"note": "a\nb"},
    ):
        with pytest.raises(Invalid):
            await guide.contents.change_resource(ME, "au-lifeline", wrong)


async def test_a_wording_is_changed_at_once_and_only_if_it_keeps_what_it_must(guide: Guide) -> None:
    known = await guide.contents.get_wording(ME, "crisis", "en")
    assert known["failures"] == []
    text = known["texts"]["self_harm"]["acknowledge"]
    await guide.contents.change_wording(
        ME, "crisis", "en", {"self_harm": {"acknowledge": f"Hey. {text}"}}, "warmer"
    )
    assert "Hey. Thank you" in (await walk(guide, "yes", "I want to die"))["reply"]
    await guide.contents.review_wording(ME, "crisis", "en", "Dr Ahmed")
    assert (await guide.contents.get_wording(ME, "crisis", "en"))["wording"]["reviewed_by"] == "Dr Ahmed"
    for section, name, wrong in (
        ("shared", "danger", "Call somebody first."),
        ("shared", "bot", "I promise it stays our secret for {days} days."),
        ("self_harm", "advice", "Think of your family."),
        ("abuse", "acknowledge", " "),
        ("self_harm", "acknowledge", "Thank you {"),
    ):
        with pytest.raises(Invalid):
            await guide.contents.change_wording(ME, "crisis", "en", {section: {name: wrong}}, "")


async def test_texts_and_buttons_are_changed_and_still_understood_when_tapped(guide: Guide) -> None:
    known = await guide.contents.get_wording(ME, "session", "en")
    assert known["failures"] == []
    changes = {
        "text": {"pause": "A break it is.\nTake your time."},
        "buttons": {"yes_delete": "Yes, delete my data"},
    }
    await guide.contents.change_wording(ME, "session", "en", changes, "shorter")
    assert (await walk(guide, "yes", "take a break"))["reply"] in ("A break it is.", "Take your time.")
    asked = await walk(guide, "yes", "delete my data")
    assert "Yes, delete my data" in asked["quick_replies"]
    assert (await guide.receive_message(ME, asked["session_id"], "Yes, delete my data"))["is_deleted"]
    for section, name, wrong in (
        ("buttons", "skip", "Purple"),
        ("buttons", "keep", "x" * 50),
        ("buttons", "not_safe", "Yes, I'm safe"),
        ("text", "earlier_answer", "You said something."),
        ("text", "pause", "See you in {weeks}."),
        ("text", "nothing_like_it", "x"),
    ):
        with pytest.raises(Invalid):
            await guide.contents.change_wording(ME, "session", "en", {section: {name: wrong}}, "")
    await guide.contents.restore_wording(ME, "session", "en", 0)
    restored = await guide.contents.get_wording(ME, "session", "en")
    assert restored["texts"]["text"]["pause"] == known["texts"]["text"]["pause"]
    assert [row["version"] for row in restored["versions"]] == [2, 1]


async def test_the_guide_talks_in_any_channel(guide: Guide, clock: FixedClock) -> None:
    replies = await converse(
        GuideChat(guide), "hi", "yes", "my nan", "delete my data", "yes", "hello", at=clock.now()
    )
    assert replies[0].quick_replies == ("Let's start", "What is this?")
    assert replies[2].progress == (2, 4)
    assert replies[4].app_session_id is None
    assert replies[5].app_session_id not in (None, replies[0].app_session_id)


async def test_an_old_file_is_brought_in_once_with_its_first_moment_as_the_start(
    guide: Guide, platform: Platform, tmp_path: Path
) -> None:
    old = tmp_path / "old.db"
    with closing(library.connect(str(old))) as connection:
        connection.execute(
            "CREATE TABLE chat_history (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, role TEXT,"
            " message TEXT NOT NULL, ts DATETIME DEFAULT CURRENT_TIMESTAMP)"
        )
        connection.executemany(
            "INSERT INTO chat_history (session_id, role, message, ts) VALUES (?, ?, ?, ?)",
            [
                ("a-1", "user", "hi", "2026-01-30 10:00:05"),
                ("a-1", "bot", "hello", "2026-01-30 10:00:05"),
                ("a-1", "user", "earlier", "2026-01-30 09:59:00"),
                ("x" * 300, "user", "long id", "not a time"),
                ("b", "system", "nobody said this", "2026-01-30 10:00:05"),
            ],
        )
        connection.commit()
    first = await asyncio.to_thread(guide.records.import_history, ME, old)
    again = await asyncio.to_thread(guide.records.import_history, ME, old)
    assert (first.sessions, first.lines, first.known, first.refused) == (2, 4, 0, 1)
    assert (again.sessions, again.known) == (0, 2)
    [session] = [row for row in rows(platform, "sessions") if row["session_id"] == "a-1"]
    assert f"{session['created_at']:%Y-%m-%d %H:%M:%S}" == "2026-01-30 09:59:00"
    lines = [row["message"] for row in rows(platform, "chat_history") if row["session_id"] == "a-1"]
    assert lines == ["hi", "hello", "earlier"]
    (tmp_path / "no.db").write_bytes(b"not a database at all" * 100)
    for wrong in ("no.db", "missing.db"):
        with pytest.raises(Invalid):
            await asyncio.to_thread(guide.records.import_history, ME, tmp_path / wrong)


@pytest.mark.parametrize("text", ["", "   ", "x" * 4_001, "a\0b"])
async def test_what_is_no_message_is_refused_and_changes_nothing(
    guide: Guide, platform: Platform, text: str
) -> None:
    answer = await walk(guide, "yes")
    before = rows(platform, "chat_history")
    with pytest.raises(Invalid):
        await guide.receive_message(ME, answer["session_id"], text)
    assert rows(platform, "chat_history") == before


async def test_what_does_not_exist_is_refused_in_words(guide: Guide) -> None:
    for given in ({"flow": "no_such"}, {"language": "xx"}, {"country": "BR"}):
        with pytest.raises(Invalid):
            await guide.start_session(ME, **given)  # type: ignore[arg-type]
    for id in ("nobody", "x" * 100, "a\nb"):
        with pytest.raises(NotFound):
            await guide.receive_message(ME, id, "hi")


@pytest.mark.parametrize(
    ("wished", "folder", "real", "engines"),
    [
        ("rule_based", None, "rule_based", {"words", "linear"}),
        ("distilbert", "tiny_encoder", "distilbert", {"tiny"}),
        ("hybrid", "tiny_encoder", "hybrid", {"words", "tiny"}),
        ("distilbert", None, "rule_based", {"words", "linear"}),
        ("hybrid", "no_such_folder", "rule_based", {"words", "linear"}),
    ],
)
async def test_the_method_that_really_ran_is_recorded(
    platform: Platform, settings: Settings, wished: str, folder: str | None, real: str, engines: set[str]
) -> None:
    place = None if folder is None else Path(__file__).parents[2] / "kernel" / "language" / folder
    other = Platform(
        settings.model_copy(update={"guide_intents": wished, "guide_intents_dir": place}), platform.apps
    )
    try:
        answer = await walk(
            Guide(other), "yes", "I reckon my old bandmates from up the coast", "who reads this?"
        )
        assert answer["intent"]["method"] == real
        recorded = rows(other, "intent_classifications")
        assert {row["method"] for row in recorded} == {real}
        assert {row["engine"] for row in recorded} <= engines
    finally:
        other.close()


def with_model(
    platform: Platform, settings: Settings, answers: Iterable[Answer]
) -> tuple[Platform, ScriptedModel]:
    """The same database, with a model that says this."""
    model = ScriptedModel(answers)
    asked = settings.model_copy(update={"guide_model_closing": True})
    return Platform(asked, platform.apps, clock=platform.clock, model=model), model


CALM = ("yes", "my nan", "I draw", "exams", "finish year 12", "It's right")


async def test_a_model_adds_a_closing_thought_once_and_the_words_stay_the_persons(
    platform: Platform, settings: Settings
) -> None:
    said = "Your nan and your drawing can walk with you to the end of year 12."
    other, model = with_model(platform, settings, [said])
    try:
        guide = Guide(other)
        id = (await walk(guide, *CALM))["session_id"]
        assert await guide.word_closing(ME, id) == said
        assert await guide.word_closing(ME, id) == said
        summary = await guide.get_summary(ME, id)
        assert summary["text"].endswith(f"{said}\n")
        assert [part["text"] for part in summary["parts"]] == ["my nan", "I draw", "exams", "finish year 12"]
        assert len(model.prompts) == 1
        for message in ("change my goals", "sleep more"):
            await guide.receive_message(ME, id, "Keep everything for now")
            await guide.receive_message(ME, id, message)
        assert (await guide.get_summary(ME, id))["closing"] is None
    finally:
        other.close()


@pytest.mark.parametrize(
    "said",
    [
        "Call me on 0412 345 678, I will help you.",
        "You have depression and should take medication.",
        "People like you are always strong, your culture shows it.",
        "You must talk to your nan today.",
        "I promise everything will be fine.",
        "Write to help@example.org for more.",
        "# Summary\n\n* nan",
        "You could kill yourself if this fails.",
        "ok",
        "",
        ModelUnavailable("timeout", "It took too long."),
    ],
)
async def test_what_a_model_must_not_say_is_dropped_and_the_summary_stands(
    platform: Platform, settings: Settings, said: Any
) -> None:
    other, _ = with_model(platform, settings, [said])
    try:
        guide = Guide(other)
        id = (await walk(guide, *CALM))["session_id"]
        assert await guide.word_closing(ME, id) is None
        assert len((await guide.get_summary(ME, id))["parts"]) == 4
    finally:
        other.close()


async def test_no_model_is_asked_where_danger_was_told_of(platform: Platform, settings: Settings) -> None:
    other, model = with_model(platform, settings, [])
    try:
        guide = Guide(other)
        id = (await finish(guide))["session_id"]
        assert await guide.word_closing(ME, id) is None
        assert model.prompts == []
    finally:
        other.close()
