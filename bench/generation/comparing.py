"""The comparison itself: rounds of bare client and pump in turn, medians of their ratios, memory by size."""

import statistics
import subprocess
import sys
from dataclasses import dataclass

from bench.generation import place
from bench.generation.measured import Measured, heard

DELAY_S = 0.2
ROUNDS = 5
CALLS_PER_PLACE = 50
LEAST_RATIO = 0.9
MARKED_CONCURRENCY = 64
SIZES = (1_000, 20_000)
MOST_GROWTH = 1.1


@dataclass(frozen=True, slots=True)
class Ratios:
    """Pump to bare client: calls per second (more is better), processor time per call (less is better)."""

    pace: float
    cpu: float


def run() -> bool:
    """Print the table; whether every mark was reached."""
    with place.database():
        reached = True
        for concurrency in (MARKED_CONCURRENCY, 128):
            ratios = beside_the_bare_client(concurrency)
            pace = statistics.median(each.pace for each in ratios)
            cpu = statistics.median(each.cpu for each in ratios)
            print(
                f"concurrency {concurrency}: pace {pace:.2f} of the bare client, processor time × {cpu:.2f}"
            )
            reached &= concurrency != MARKED_CONCURRENCY or pace >= LEAST_RATIO
        small, large = (peak_mb(size) for size in SIZES)
        print(f"memory: {SIZES[0]:,} rows {small:.0f} MB, {SIZES[1]:,} rows {large:.0f} MB at the peak")
        return reached and large <= small * MOST_GROWTH


def beside_the_bare_client(concurrency: int) -> list[Ratios]:
    """One pair of ratios a round; the first round only warms up."""
    calls = concurrency * CALLS_PER_PLACE
    found = []
    with place.model_server(DELAY_S) as base_url:
        for number in range(ROUNDS + 1):
            bare = in_own_process("bare", base_url, calls, concurrency)
            series = f"{concurrency} at once, round {number}"
            pump = in_own_process(
                "pumping", place.plan(base_url, series=series, calls=calls, concurrency=concurrency)
            )
            print(f"  {series}: bare {shown(bare)}; pump {shown(pump)}", flush=True)
            found.append(
                Ratios(pump.calls_per_s / bare.calls_per_s, pump.cpu_ms_per_call / bare.cpu_ms_per_call)
            )
    return found[1:]


def peak_mb(rows: int) -> float:
    """The most memory a pump's process takes for a run of so many rows."""
    with place.model_server(0.02) as base_url:
        run_id = place.plan(base_url, series=f"{rows} rows", calls=rows, concurrency=64)
        return in_own_process("pumping", run_id).peak_mb


def in_own_process(module: str, *arguments: object) -> Measured:
    """What a fresh process measures of itself."""
    command = [sys.executable, "-m", f"bench.generation.{module}", *map(str, arguments)]
    answer = subprocess.run(command, cwd=place.BASE_DIR, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise SystemExit(f"{module} failed:\n{answer.stderr}")
    return heard(answer.stdout.splitlines()[-1])


def shown(measured: Measured) -> str:
    return f"{measured.calls_per_s:.0f}/s {measured.cpu_ms_per_call:.2f} ms"
