"""A pump run to its end, and what it left."""

import asyncio
from collections import Counter

from evalapp.generation.running import Pumped, pump
from evalapp.models import Run


def work_on(run: Run) -> Pumped:
    """Pump a run until nothing of it can be done here."""
    return asyncio.run(pump(run.pk, stopping=lambda: False))


def states(run: Run) -> Counter[str]:
    """How many generations of the run stand in each state."""
    return Counter(run.generations.values_list("state", flat=True))
