"""``python -m bench.generation.bare BASE_URL CALLS CONCURRENCY``: the client alone, nothing written down."""

import asyncio
import sys
from collections.abc import Iterator

from openai import AsyncOpenAI, DefaultAioHttpClient

from bench.generation.measured import Measured, Watch, told
from bench.generation.questions import question


async def ask_all(base_url: str, calls: int, concurrency: int) -> Measured:
    """So many calls by so many askers who share one list of questions."""
    client = AsyncOpenAI(
        base_url=base_url, api_key="none", max_retries=0, http_client=DefaultAioHttpClient(timeout=60)
    )
    numbers = iter(range(calls))

    async def ask(numbers: Iterator[int]) -> None:
        for number in numbers:
            reply = await client.chat.completions.create(
                model="quartz-mini",
                messages=[{"role": "user", "content": question("bare", number)}],
                max_tokens=1000,
            )
            assert reply.choices[0].message.content

    watch = Watch()
    async with client:
        await asyncio.gather(*(ask(numbers) for _ in range(concurrency)))
        return watch.stop(calls)


if __name__ == "__main__":
    print(told(asyncio.run(ask_all(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
