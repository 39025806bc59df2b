"""The background way in: schedules and deliveries. `serve` runs it inside on SQLite, `work` on PostgreSQL."""

from __future__ import annotations

import asyncio
import gc
import signal
from contextlib import suppress

import structlog

from switchboard.kernel import logging
from switchboard.kernel.errors import Invalid, SwitchboardError
from switchboard.kernel.jobs import Jobs
from switchboard.kernel.outbound.addresses import AddressPolicy
from switchboard.kernel.platform import Platform

_POLL_SECONDS = 1.0

log = structlog.get_logger("switchboard.worker")


class Worker:
    """Runs the job engine and delivers every app's results until it is stopped."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._jobs = Jobs(platform)
        self._tasks: list[asyncio.Task[None]] = []
        self._jobs_started = False
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Begin in the running event loop; the engine is loaded in a thread."""
        self._tasks = [
            asyncio.create_task(self._run_jobs()),
            *(asyncio.create_task(self._deliver(app.name)) for app in self._platform.apps),
        ]

    async def stop(self) -> None:
        """Finish the step and the deliveries under way."""
        self._stopping.set()
        await asyncio.gather(*self._tasks)
        self._tasks = []
        if self._jobs_started:
            self._jobs_started = False
            await asyncio.to_thread(self._jobs.stop)

    async def _run_jobs(self) -> None:
        """Start the engine; again after a while where its database is held or its disk full."""
        while not self._stopping.is_set():
            try:
                await asyncio.to_thread(self._jobs.start)
                self._jobs_started = True
                # What is loaded now stays: looking through it for garbage would stop every answer for 100 ms.
                gc.collect()
                gc.freeze()
                log.debug("schedules are running")
                return
            except Exception:
                log.exception("the job engine did not start; schedules wait")
                # What was half launched has to go before it can be launched again.
                with suppress(Exception):
                    await asyncio.to_thread(self._jobs.stop)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 5 * _POLL_SECONDS)

    async def _deliver(self, app: str) -> None:
        policy = AddressPolicy(self._platform.settings.outbound_networks.split(","))
        box = self._platform.outbox(app)
        while not self._stopping.is_set():
            pause = _POLL_SECONDS
            try:
                if await box.deliver_due(policy):
                    continue
            except SwitchboardError as error:
                log.warning("deliveries wait", app=app, error=error.message)
                pause *= 5
            except Exception:
                log.exception("deliveries wait", app=app)
                pause *= 5
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)


def work(platform: Platform) -> None:
    """Run the worker until told to stop. Raises Invalid on SQLite, where `serve` runs it inside."""
    if not platform.settings.is_postgresql:
        raise Invalid(
            "`switchboard work` is for PostgreSQL; on SQLite the server runs this work itself.",
            hint="Run `switchboard serve` alone, or set SWITCHBOARD_DATABASE_URL.",
        )
    logging.configure(platform.settings)
    platform.migrate()
    try:
        asyncio.run(_until_stopped(Worker(platform)))
    finally:
        platform.close()


async def _until_stopped(worker: Worker) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stopped.set)
    worker.start()
    log.info("the worker is running")
    await stopped.wait()
    await worker.stop()
