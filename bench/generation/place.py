"""Where the bench happens: PostgreSQL that really writes, a model server, and runs to do."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import django

BASE_DIR = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def database() -> Iterator[None]:
    """Servers of the bench's own, durable as in use, with the product's tables; they end with the block."""
    with tempfile.TemporaryDirectory(prefix="blind-eval-bench-") as folder:
        Path(folder).chmod(0o755)
        command = [sys.executable, "-m", "operating", "servers", "--root", f"{folder}/servers"]
        command += ["--while-alive", str(os.getpid())]
        with subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True) as servers:
            try:
                for line in servers.stdout or ():
                    name, given, address = line.strip().partition("_URL=")
                    if given:
                        os.environ[f"{name}_URL"] = address
                    if name == "REDIS":
                        break
                else:
                    raise SystemExit("The servers did not start.")
                os.environ |= {
                    "VAR_DIR": folder,
                    "DJANGO_SETTINGS_MODULE": "config.settings",
                    "LOG_LEVEL": "ERROR",
                }
                django.setup()
                from django.core.management import call_command

                call_command("migrate", verbosity=0)
                yield
            finally:
                servers.terminate()


@contextlib.contextmanager
def model_server(delay_s: float) -> Iterator[str]:
    """The base URL of a model server in a process of its own."""
    command = [sys.executable, "-m", "bench.generation.model_server", str(delay_s)]
    with subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        server.terminate()


def plan(base_url: str, *, series: str, calls: int, concurrency: int) -> int:
    """A run of so many questions; its number."""
    from bench.generation.questions import question
    from evalapp.generation.planning import plan_run
    from evalapp.models import Endpoint, LanguageModel, Price, Sample, System, TaskSet
    from evalapp.models.registry import ProviderName

    endpoint, _ = Endpoint.objects.update_or_create(
        name="bench", defaults={"provider": ProviderName.OPENAI_COMPATIBLE, "base_url": base_url}
    )
    model, _ = LanguageModel.objects.get_or_create(endpoint=endpoint, name="quartz-mini")
    Price.objects.get_or_create(
        model=model,
        valid_from=date(2024, 1, 1),
        defaults={
            "input_usd_per_mtok": Decimal("0.15"),
            "output_usd_per_mtok": Decimal("0.60"),
            "source_url": "https://example.org/prices",
            "checked_on": date(2024, 1, 1),
        },
    )
    system, _ = System.objects.get_or_create(name="bench", defaults={"model": model, "max_tokens": 1000})
    task_set = TaskSet.objects.create(
        name=series, kind="qa", checksum="0" * 64, sample_count=calls, source_name="bench.jsonl"
    )
    Sample.objects.bulk_create(
        [
            Sample(
                task_set=task_set,
                position=number,
                key=str(number),
                payload={"prompt": question(series, number)},
            )
            for number in range(calls)
        ],
        batch_size=5000,
    )
    return plan_run(task_set=task_set, system=system, concurrency=concurrency).pk
