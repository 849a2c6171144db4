"""``python -m bench.generation.pumping RUN``: one pump on a planned run, as a worker's process works."""

import asyncio
import sys

import django

from bench.generation.measured import Watch, told


def main(run_id: int) -> None:
    """Pump the run to its end and say what it took."""
    django.setup()
    from evalapp.generation.running import pump

    watch = Watch()
    pumped = asyncio.run(pump(run_id, stopping=lambda: False))
    print(told(watch.stop(pumped.ended)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
