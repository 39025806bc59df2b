"""Schedules and long work, on a durable engine (DBOS) with a database of its own: `jobs`.

Each due moment of a schedule is one workflow, whose work is one step: the engine starts it once however
many workers watch, and starts it again when its worker died. So a step may run twice and has to be written
for that. Nothing here talks to an outside service. The engine is imported when it is started, which is
after the API has become ready.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from switchboard.kernel import upkeep
from switchboard.kernel.app import Schedule
from switchboard.kernel.platform import Platform, make_data_dir

if TYPE_CHECKING:
    import sqlalchemy as sa

DATABASE = "jobs"
# Any version may finish the work of any other: steps are re-runnable and hold no state of their own.
_VERSION = "switchboard"

log = structlog.get_logger("switchboard.jobs")


class ScheduleState(NamedTuple):
    """A schedule as the engine knows it."""

    name: str
    cron: str
    last_fired_at: str | None


class Jobs:
    """The engine of one process: `start` it once the API is ready, `stop` it before the databases close."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        schedules = (*upkeep.SCHEDULES, *(each for app in platform.apps for each in app.schedules()))
        self._schedules = {schedule.name: schedule for schedule in schedules}
        self._engine: sa.Engine | None = None

    def start(self) -> None:
        """Launch the engine, take up what a dead worker left, and keep the schedules. Blocks for a second."""
        from dbos import DBOS

        logging.getLogger("dbos").setLevel(logging.WARNING)
        self._engine, url = _create_engine(self._platform)
        DBOS(
            config={
                "name": "switchboard",
                "system_database_url": url,
                "system_database_engine": self._engine,
                "dbos_system_schema": DATABASE,
                "application_version": _VERSION,
                "executor_id": "switchboard",
                "use_listen_notify": False,
                "log_level": "WARNING",
                "enable_otlp": False,
            }
        )
        run_schedule = self._register_workflow()
        DBOS.launch()
        DBOS.apply_schedules(
            [
                {
                    "schedule_name": schedule.name,
                    "workflow_fn": run_schedule,
                    "schedule": schedule.cron,
                    "context": schedule.name,
                }
                for schedule in self._schedules.values()
            ]
        )
        _drop_schedules_without_work(self._schedules.values())

    def stop(self) -> None:
        """Let running steps finish for a few seconds, then let go of the engine."""
        from dbos import DBOS

        DBOS.destroy(workflow_completion_timeout_sec=5, destroy_registry=True)
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def list_schedules(self) -> list[ScheduleState]:
        """What the engine will run, and when it last did."""
        from dbos import DBOS

        return [
            ScheduleState(each["schedule_name"], each["schedule"], each.get("last_fired_at"))
            for each in DBOS.list_schedules()
        ]

    def _register_workflow(self) -> Any:
        from dbos import DBOS

        @DBOS.step(name="switchboard.run_due_work")
        def run_due_work(name: str) -> int:
            return self._run(name)

        @DBOS.workflow(name="switchboard.run_schedule")
        def run_schedule(_due_at: datetime, name: Any) -> None:
            run_due_work(name)

        return run_schedule

    def _run(self, name: str) -> int:
        schedule = self._schedules.get(name)
        if schedule is None:
            log.warning("schedule is gone", schedule=name)
            return 0
        done = schedule.run(self._platform)
        if done:
            log.info("schedule ran", schedule=name, done=done)
        return done


def _drop_schedules_without_work(schedules: Iterable[Schedule]) -> None:
    from dbos import DBOS

    known = {schedule.name for schedule in schedules}
    for each in DBOS.list_schedules():
        if each["schedule_name"] not in known:
            DBOS.delete_schedule(each["schedule_name"])


def _create_engine(platform: Platform) -> tuple[sa.Engine, str]:
    """The engine's own database, on the one SQLite library of this process or in a schema of its own."""
    from switchboard.kernel.database import engines

    url = platform.settings.database_url
    if url is not None:
        engine = engines.create_postgresql_engine(url.get_secret_value(), None)
    else:
        make_data_dir(platform.settings)
        engine = engines.create_jobs_engine(platform.settings.data_dir / f"{DATABASE}.db")
    return engine, engine.url.render_as_string(hide_password=False)
