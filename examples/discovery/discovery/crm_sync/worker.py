"""The worker: runs the queues of both versions' databases in one process.

A worker that dies leaves its job marked as being done. Whoever works next takes such jobs up again, as soon as the dead
one's heartbeat is old enough to be sure.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Sequence

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException

from discovery.crm_sync.tasks import QUEUE, make_app

HEARTBEAT = 2.0  # seconds between two signs of life
DEAD_AFTER = 10.0  # seconds without one
AT_ONCE = 4  # jobs at the same time, in threads
LONGEST_JOB = 8.0  # seconds a job may go on after SIGTERM; the CRM's time-out is shorter
PAUSE = 2.0  # seconds until a lost database is tried again
KEPT_HOURS = 7 * 24  # how long a finished job can be looked up
LOOKS_A_CLEANING = 720  # of the look-outs for dead workers: once an hour
log = logging.getLogger("discovery.crm_sync")


async def run(urls: Sequence[str]) -> None:
    """Works on the queue of every database until SIGTERM or SIGINT, then ends what it has begun."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    workers = [asyncio.create_task(_work_on(url)) for url in urls]
    await stop.wait()
    log.info("stopping")
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


async def _work_on(url: str) -> None:
    """Works on one database's queue; when that is gone, waits and tries again."""
    while True:
        try:
            await _work_once(url)
        except Exception as error:
            log.warning("%s: %s; trying again in %.0f s", type(error).__name__, error, PAUSE)
        await asyncio.sleep(PAUSE)


async def _work_once(url: str) -> None:
    """Works until the connection is lost (procrastinate stops by itself then, or raises)."""
    connector = PsycopgConnector(
        conninfo=url,
        kwargs={"options": "-c search_path=procrastinate", "application_name": "discovery-worker"},
        min_size=1,
        max_size=4,
        timeout=10.0,
    )
    app = make_app(connector)
    async with app.open_async():
        keeper = asyncio.create_task(_keep_house(app))
        try:
            log.info("working on queue %s", QUEUE)
            await app.run_worker_async(
                queues=[QUEUE],
                name="crm",
                concurrency=AT_ONCE,
                install_signal_handlers=False,
                shutdown_graceful_timeout=LONGEST_JOB,
                update_heartbeat_interval=HEARTBEAT,
                stalled_worker_timeout=DEAD_AFTER,
            )
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)


async def _keep_house(app: App) -> None:
    """Puts the jobs of dead workers back into the queue and forgets those that were done long ago."""
    looks = 0
    while True:
        try:
            await _take_up(app)
            if looks % LOOKS_A_CLEANING == 0:
                await app.job_manager.delete_old_jobs(nb_hours=KEPT_HOURS, queue=QUEUE)
        except ConnectorException as error:  # another worker was quicker, or the database is gone
            log.warning("looking for jobs left undone: %s", error)
        looks += 1
        await asyncio.sleep(DEAD_AFTER / 2)


async def _take_up(app: App) -> None:
    for job in await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=DEAD_AFTER):
        log.warning("job %s was left by a dead worker and is taken up again", job.id)
        await app.job_manager.retry_job(job)
