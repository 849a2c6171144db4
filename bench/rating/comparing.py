"""Rounds of the bare view and the product in turn, at three sizes; medians of their ratios."""

import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench.generation.place import BASE_DIR, database
from bench.rating.driving import Pace
from operating import services
from tests.plugins.stack import free_port

if TYPE_CHECKING:
    from raters.models import Study

SIZES = (1_000, 20_000, 1_000_000)
RATERS = 8
CYCLES = 20
ROUNDS = 5
LEAST_OF_BARE = 0.5
MOST_GROWTH = 1.25
PRODUCT, BARE = "config.wsgi:application", "bench.rating.bare:application"
START_S = 60.0


def run() -> bool:
    """Print the table; whether every mark was reached."""
    with database():
        from bench.rating.studies import make_study

        studies = {size: make_study(size) for size in SIZES}
        product: dict[int, list[Pace]] = {size: [] for size in SIZES}
        bare: dict[int, list[Pace]] = {size: [] for size in SIZES}
        with web(PRODUCT) as product_port, web(BARE) as bare_port:
            # The first round only warms up.
            for number in range(ROUNDS + 1):
                for size, study in studies.items():
                    paces = pace_of(study, bare_port), pace_of(study, product_port)
                    if number:
                        bare[size].append(paces[0])
                        product[size].append(paces[1])
    reached = True
    for size in SIZES:
        of_bare = _median(
            p.cycles_per_s / b.cycles_per_s for p, b in zip(product[size], bare[size], strict=True)
        )
        growth = _median(
            s.cycles_per_s / p.cycles_per_s for s, p in zip(product[SIZES[0]], product[size], strict=True)
        )
        print(
            f"{size:>9,} comparisons: {_median(p.cycles_per_s for p in product[size]):.0f} cycles/s, "
            f"p95 {_median(p.p95_ms for p in product[size]):.1f} ms, "
            f"{of_bare:.2f} of the bare view, cost × {growth:.2f} of {SIZES[0]:,}"
        )
        reached &= of_bare >= LEAST_OF_BARE and growth <= MOST_GROWTH
    return reached


def pace_of(study: "Study", port: int) -> Pace:
    """Fresh raters on a study, driven by a process of their own."""
    from bench.rating.studies import raters_inside

    pairs = [f"{page}={session}" for page, session in raters_inside(study, RATERS)]
    command = [sys.executable, "-m", "bench.rating.driving", str(port), str(CYCLES), *pairs]
    said = subprocess.run(command, cwd=BASE_DIR, check=True, stdout=subprocess.PIPE, text=True)
    return Pace(*json.loads(said.stdout))


@contextlib.contextmanager
def web(application: str) -> Iterator[int]:
    """The port of a running web server, as the product runs it."""
    port = free_port()
    described = services.web(BASE_DIR, host="127.0.0.1", port=port).command
    command = [application if word == PRODUCT else word for word in described]
    with subprocess.Popen(
        command,
        cwd=BASE_DIR,
        env=os.environ | {"STATIC_MANIFEST": "0"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            deadline = time.monotonic() + START_S
            while not asyncio.run(services.answers("127.0.0.1", port)):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("The web server did not start.")
                time.sleep(0.05)
            yield port
        finally:
            os.killpg(server.pid, signal.SIGKILL)


def _median(values: Iterator[float]) -> float:
    return statistics.median(values)
