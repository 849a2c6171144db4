"""How commands name a run."""

from django.core.management.base import CommandError

from evalapp.generation.queries import runs_with_parts
from evalapp.models import Run


def run_numbered(text: str) -> Run:
    """The run with this number. Raises CommandError with what to do, exit status 2."""
    found = runs_with_parts().filter(pk=int(text)).first() if text.isdecimal() and len(text) < 19 else None
    if found is None:
        latest = ", ".join(f"{run.pk} ({run})" for run in runs_with_parts()[:5])
        raise CommandError(f"There is no run {text}. The latest are: {latest or 'none yet'}.", returncode=2)
    return found
