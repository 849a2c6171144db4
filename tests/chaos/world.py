"""A whole machine side of its own: servers, scheduler, workers, a model server, and a run to do."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import redis
from django.db import OperationalError, connection
from django.db.models import Sum
from kombu import Connection

from config.env import broker_address, database_address
from evalapp import tasks
from evalapp.generation.planning import plan_run
from evalapp.models import Endpoint, LanguageModel, Price, Run, Sample, System, TaskSet
from evalapp.models.registry import ProviderName
from operating import accounts, addresses, postgres, runtime, services, valkey
from operating.children import Child
from tests.chaos.machines import KeptWorker, Machine, wait_until
from tests.servers.openai_server import OpenAIServer

BASE_DIR = Path(__file__).resolve().parents[2]
LEASE_S = 3
CONCURRENCY = 8
#: What one process may have in the ledger as sent: its calls in flight, and those that wait for a place.
MOST_OPEN = CONCURRENCY + CONCURRENCY * 3 // 4
SWEEP_S = 1
#: What a worker says when it takes up a sweep.
SWEPT = "Task evalapp.tasks.sweep["


class World:
    """Servers under one folder; made once for all tests of a process."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="blind-eval-chaos-"))
        self.root.chmod(0o755)
        where = runtime.at(self.root / "servers")
        account = accounts.for_servers(where.postgres_data)
        runtime.prepare(where, None, account)
        reached = addresses.of_runtime(where)
        self.redis_url = reached.redis_url
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": reached.database_url,
            "REDIS_URL": reached.redis_url,
            "VAR_DIR": str(self.root),
            "PYTHONPATH": str(BASE_DIR),
            "GENERATION_LEASE_S": str(LEASE_S),
            "SWEEP_INTERVAL_S": str(SWEEP_S),
            "WORKER_PROCESSES": "2",
            "LOG_LEVEL": "INFO",
        }

        def quiet(_: str) -> None:
            """What the servers' preparation says is of no interest here."""

        self.postgres = Machine(
            lambda: postgres.prepare(where, account, durable=True, say=quiet), self.root / "postgres.log"
        )
        self.valkey = Machine(
            lambda: valkey.prepare(where, account, durable=True, say=quiet), self.root / "valkey.log"
        )
        self._beat = Machine(
            lambda: services.scheduler(BASE_DIR), self.root / "scheduler.log", self.environment
        )
        self._worker: KeptWorker | None = None
        self._altered: str | None = None

    def start(self) -> None:
        """Servers, tables and scheduler; workers come when a test asks for them."""
        self.postgres.start()
        self.valkey.start()
        command = [sys.executable, str(BASE_DIR / "manage.py"), "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=BASE_DIR, env=self.environment, check=True)
        self._beat.start()

    def stop(self) -> None:
        """Everything ends and its data go."""
        self.dismiss()
        self._beat.end(signal.SIGKILL)
        self.valkey.end(signal.SIGKILL)
        self.postgres.end(signal.SIGQUIT)
        shutil.rmtree(self.root, ignore_errors=True)

    def worker(self, altered: str = "") -> KeptWorker:
        """A worker under a keeper, with the alterations named; one that runs already serves again."""
        if self._worker is not None and self._altered == altered:
            return self._worker
        self.dismiss()
        environment = {**self.environment, "ALTERED": altered}

        def describe() -> Child:
            child = services.worker(BASE_DIR)
            if not altered:
                return child
            command = tuple("tests.chaos.altered" if word == "config" else word for word in child.command)
            return replace(child, command=command)

        self._worker = KeptWorker(Machine(describe, self.root / "worker.log", environment))
        self._altered = altered
        self._worker.start()
        return self._worker

    def dismiss(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End the worker, if there is one, for good."""
        if self._worker is not None:
            self._worker.stop(number)
        self._worker, self._altered = None, None

    def ring(self, run: Run) -> None:
        """Announce a run on this world's broker."""
        with Connection(broker_address(self.redis_url)) as broker:
            tasks.run_generations.apply_async((run.pk,), connection=broker)  # type: ignore[call-arg]

    def flush(self) -> None:
        """Forget everything the broker holds."""
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()

    def point_orm(self) -> dict[str, object]:
        """Point this process's ORM at this world's database; what it pointed at before."""
        connection.close()
        before = dict(connection.settings_dict)
        reached = database_address("", self.environment["DATABASE_URL"])
        connection.settings_dict.update(
            NAME=reached.name,
            USER=reached.user,
            PASSWORD=reached.password,
            HOST=reached.host,
            PORT=reached.port,
        )
        return before

    def clear(self) -> None:
        """Take all rows of the machine side away."""
        wait_until(_cleared, "the tables were empty")


def _cleared() -> bool:
    # The scheduler goes on sweeping: when both wait for each other, the database ends one of the two.
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE evalapp_run, evalapp_generation, evalapp_apicall, evalapp_sample, evalapp_taskset, "
                "evalapp_system, evalapp_price, evalapp_languagemodel, evalapp_endpoint CASCADE"
            )
    except OperationalError:
        return False
    return True


def plan(
    server: OpenAIServer, count: int, *, concurrency: int = CONCURRENCY, budget_usd: Decimal | None = None
) -> Run:
    """A run of so many short questions, no two alike, at 1 and 2 USD per million tokens."""
    task_set = TaskSet.objects.create(
        name=f"{count} questions", kind="qa", checksum="0" * 64, sample_count=count, source_name="q.jsonl"
    )
    Sample.objects.bulk_create(
        Sample(
            task_set=task_set, position=number, key=f"q{number}", payload={"prompt": f"Question {number}?"}
        )
        for number in range(count)
    )
    endpoint = Endpoint.objects.create(
        name="local", provider=ProviderName.OPENAI_COMPATIBLE, base_url=server.base_url, timeout_s=30
    )
    model = LanguageModel.objects.create(endpoint=endpoint, name="quartz-mini")
    Price.objects.create(
        model=model,
        input_usd_per_mtok=Decimal(1),
        output_usd_per_mtok=Decimal(2),
        valid_from=date(2024, 1, 1),
        source_url="https://example.org/prices",
        checked_on=date(2024, 1, 1),
    )
    system = System.objects.create(name="small", model=model, max_tokens=1000)
    return plan_run(task_set=task_set, system=system, concurrency=concurrency, budget_usd=budget_usd)


def states(run: Run) -> Counter[str]:
    """How many generations stand where."""
    return Counter(run.generations.values_list("state", flat=True))


def is_over(run: Run) -> bool:
    """Whether the run has ended, well or not."""
    run.refresh_from_db()
    return run.state in {"done", "stopped"}


def wait_until_over(run: Run) -> None:
    wait_until(lambda: is_over(run), "the run is over")


def wait_until_asked(server: OpenAIServer, times: int) -> None:
    wait_until(lambda: server.count >= times, f"the model server was asked {times} times")


def asked(server: OpenAIServer) -> Counter[str]:
    """How often the model server was asked each question."""
    return Counter(str(each.body["messages"][-1]["content"]) for each in server.asked)  # type: ignore[index]


def in_ledger(run: Run) -> Counter[str]:
    """How many requests for each question the ledger holds; stored answers are none."""
    prompts = run.calls.exclude(state="cached").values_list("generation__sample__payload__prompt", flat=True)
    return Counter(str(prompt) for prompt in prompts)


def check_ledger(run: Run, server: OpenAIServer) -> None:
    """Hold the ledger to what the model server saw: nothing unwritten, nothing open, the sums right."""
    run.refresh_from_db()
    wait_until(lambda: not run.calls.filter(state="sent").exists(), "no request is open")
    written = in_ledger(run)
    for prompt, times in asked(server).items():
        assert times <= written[prompt], (
            f"{prompt} was asked {times} times, {written[prompt]} are written down"
        )
    run.refresh_from_db()
    assert run.committed_usd == (run.calls.aggregate(spent=Sum("cost_usd"))["spent"] or 0)
