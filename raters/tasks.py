"""Celery's doors of the human side."""

import logging

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway
from redis.exceptions import RedisError

from raters.rating.releasing import BATCH, bring_forward, release_expired
from raters.reporting import queueing

logger = logging.getLogger(__name__)


@shared_task(name="raters.tasks.refresh_seats")
def refresh_seats() -> None:
    """Bring back what was abandoned or passed, batch by batch. Harmless at any time, however often."""
    now = timezone.now()
    while release_expired(now=now) == BATCH:
        pass
    bring_forward()


def announce_report(study_id: int) -> None:
    """Tell the workers that a report waits. A broker that is away is no error: the sweeper rings again."""
    try:
        build_report.delay(study_id)
    except (BrokerAway, RedisError, OSError):
        logger.warning("The broker is away; the sweeper announces the report of study %s again", study_id)


@shared_task(name="raters.tasks.build_report")
def build_report(study_id: int) -> None:
    """Compute a report that waits. A message that comes late or twice finds nothing to do."""
    if queueing.claim(study_id, now=timezone.now()):
        queueing.build_claimed(study_id, clock=timezone.now)


@shared_task(name="raters.tasks.sweep_reports")
def sweep_reports() -> None:
    """Announce every report that waits, or whose worker died."""
    for study_id in queueing.waiting(now=timezone.now()):
        announce_report(study_id)
