"""Where and with what a run is asked: noted by the worker that begins it, kept with the run."""

import os
import platform
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from evalapp.models import LanguageModel, Run

PROJECT_FILE = Path(__file__).resolve().parents[2] / "pyproject.toml"


@cache
def product_version() -> str:
    """This program's version."""
    with PROJECT_FILE.open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def versions() -> dict[str, str]:
    """Of this program and of what stands between it and an endpoint."""
    packages = {name: version(name) for name in ("openai", "httpx2", "aiohttp", "django")}
    return {"product": product_version(), "python": platform.python_version(), **packages}


def note_environment(run: Run, models: Sequence[LanguageModel]) -> None:
    """Write down this process's environment with the run, unless an earlier worker has."""
    if run.environment:
        return
    run.environment = {
        "noted_at": timezone.now().isoformat(),
        "region": settings.REGION,
        "system": platform.platform(terse=True),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "versions": versions(),
        "endpoints": [
            {"name": each.endpoint.name, "model": each.name, "address": each.endpoint.base_url}
            for each in models
        ],
    }
    Run.objects.filter(id=run.pk, environment={}).update(environment=run.environment)
