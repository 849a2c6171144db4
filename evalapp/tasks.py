"""Doors for Celery: ids come in, work is called, nothing is decided here."""

import asyncio
import logging
import multiprocessing

from celery import shared_task
from celery.signals import worker_ready, worker_shutting_down
from kombu.exceptions import OperationalError as BrokerAway
from redis.exceptions import RedisError

from evalapp.generation import claiming
from evalapp.generation.running import pump
from evalapp.generation.steering import stop_run
from evalapp.registry.connecting import NotReachable

logger = logging.getLogger(__name__)

# Made before the pool forks, so that a child sees what only its parent is told: the worker is going.
_leaving = multiprocessing.Event()


def ring(run_id: int) -> None:
    """Tell the workers that a run waits. A broker that is away is no error: the sweeper rings again."""
    try:
        run_generations.delay(run_id)
    except (BrokerAway, RedisError, OSError):
        logger.warning("The broker is away; run %s is announced again by the sweeper", run_id)


@shared_task
def run_generations(run_id: int) -> None:
    """Pump a run for a while, and announce it again when more of it waits."""
    try:
        pumped = asyncio.run(pump(run_id, stopping=_leaving.is_set))
    except NotReachable as problem:
        stop_run(run_id, reason=str(problem))
        return
    if _leaving.is_set():
        return
    if pumped.more:
        ring(run_id)
    elif (follower := claiming.next_in_series(run_id)) is not None:
        ring(follower)


@shared_task
def sweep() -> None:
    """Give back what dead workers held, and announce every run of which something waits."""
    claiming.reclaim_expired()
    claiming.close_forgotten()
    for run_id in claiming.unfinished_runs():
        claiming.finish_if_complete(run_id)
    for run_id in claiming.waiting_runs():
        ring(run_id)


@worker_ready.connect
def sweep_at_start(**_: object) -> None:
    """Work may have been waiting while no worker was there."""
    _leaving.clear()
    try:
        sweep.delay()
    except (BrokerAway, RedisError, OSError):
        logger.warning("The broker is away; the scheduler will sweep")


@worker_shutting_down.connect
def leave(**_: object) -> None:
    """Let the pumps in the pool's children finish their calls and claim no more."""
    _leaving.set()
