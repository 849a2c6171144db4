"""An organiser's hands on a run: pause, resume, cancel, and another try for what failed."""

from django.db import transaction
from django.utils import timezone

from evalapp.models import Generation, Run
from evalapp.models.generation import GenerationState, RunState


def pause(run: Run) -> bool:
    """Let calls in flight end and start no more; False when the run was not running."""
    return Run.objects.filter(id=run.pk, state=RunState.RUNNING).update(state=RunState.PAUSED) == 1


def resume(run: Run) -> bool:
    """Go on with a paused or stopped run; the caller rings afterwards."""
    ended = Run.objects.filter(id=run.pk, state__in=[RunState.PAUSED, RunState.STOPPED])
    return ended.update(state=RunState.RUNNING, reason="", finished_at=None, warmup_lease_until=None) == 1


def cancel(run: Run) -> bool:
    """End a run for good; what is done stays, what waits is never asked."""
    open_run = Run.objects.filter(id=run.pk, state__in=[RunState.RUNNING, RunState.PAUSED, RunState.STOPPED])
    return open_run.update(state=RunState.CANCELLED, finished_at=timezone.now()) == 1


def retry_failed(run: Run) -> int:
    """Queue failed generations again with fresh attempts; how many there were. The caller rings then."""
    if run.imported:
        return 0
    with transaction.atomic():
        again = Generation.objects.filter(run=run, state=GenerationState.FAILED).update(
            state=GenerationState.PENDING,
            attempt=0,
            next_attempt_at=timezone.now(),
            error="",
            error_message="",
            finished_at=None,
        )
        if again:
            ended = Run.objects.filter(
                id=run.pk, state__in=[RunState.DONE, RunState.STOPPED, RunState.PAUSED]
            )
            ended.update(state=RunState.RUNNING, reason="", finished_at=None)
    return again


def stop_run(run_id: int, *, reason: str) -> None:
    """End a running run for a fault that every further request would meet; it can be resumed when mended."""
    Run.objects.filter(id=run_id, state=RunState.RUNNING).update(
        state=RunState.STOPPED, reason=reason, finished_at=timezone.now()
    )
