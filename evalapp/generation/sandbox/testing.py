"""Running an answer's code against its sample's unit tests: the sandbox's one way in."""

import asyncio
import hmac
import json
import os
import secrets
import signal
from hashlib import blake2b
from weakref import WeakKeyDictionary

from evalapp.generation.sandbox.box import Box
from evalapp.generation.sandbox.plan import NothingToRun, Plan, plan_of
from evalapp.generation.sandbox.process import Heard, converse
from evalapp.generation.sandbox.readiness import NotReady, find_box
from evalapp.generation.sandbox.verdict import Limits, Verdict, not_run

Report = tuple[dict[str, bool], list[str]]

_found: Box | None = None
_places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def run_tests(
    code: str, tests: str, entry_point: str | None, limits: Limits | None = None, *, prompt: str = ""
) -> Verdict:
    """Run Python ``tests`` (see `plan_of`) on Python ``code``; every outcome is a verdict, nothing is raised.

    Where ``prompt`` is Python itself, the beginning of a program, it runs before the code, and ``code`` may
    be its continuation. At most as many sandboxes as processors run at a time in one event loop.
    """
    limits = limits or Limits()
    try:
        plan = plan_of(tests, entry_point)
    except NothingToRun as problem:
        return not_run(str(problem))
    except (SyntaxError, ValueError) as problem:
        return not_run(f"the tests are not Python: {problem}")
    async with _place():
        try:
            box = await _box()
        except NotReady as problem:
            return not_run(str(problem))
        key = secrets.token_bytes(32)
        job = _job(plan, key, limits) | {
            "code": code,
            "tests": tests,
            "entry_point": entry_point,
            "prompt": prompt,
        }
        try:
            heard = await converse(box, json.dumps(job).encode(), limits)
        except OSError as problem:
            return not_run(f"the sandbox could not be started: {problem}")
    return _verdict(heard, plan, limits, key)


async def _box() -> Box:
    """The sandbox that works here; found once, looked for again while there is none. Raises `NotReady`."""
    global _found  # noqa: PLW0603 (a machine does not change under a process)
    if _found is None:
        _found = await find_box()
    return _found


def _place() -> asyncio.Semaphore:
    loop = asyncio.get_running_loop()
    if loop not in _places:
        _places[loop] = asyncio.Semaphore(len(os.sched_getaffinity(0)))
    return _places[loop]


def _job(plan: Plan, key: bytes, limits: Limits) -> dict[str, object]:
    """What `runner.py` reads, the sample's own texts apart."""
    return {
        "key": key.hex(),
        "check": plan.check,
        "functions": plan.functions,
        "classes": plan.classes,
        "expected": plan.expected,
        "limits": {
            "RLIMIT_AS": limits.memory_bytes,
            "RLIMIT_CPU": limits.processor_s,
            "RLIMIT_NPROC": limits.threads,
            "RLIMIT_NOFILE": limits.open_files,
            "RLIMIT_FSIZE": limits.folder_bytes,
            "RLIMIT_CORE": 0,
            "RLIMIT_MEMLOCK": 0,
            "RLIMIT_MSGQUEUE": 0,
            "RLIMIT_SIGPENDING": limits.threads,
        },
    }


def _verdict(heard: Heard, plan: Plan, limits: Limits, key: bytes) -> Verdict:
    if heard.ending == "not started":
        return not_run(f"the sandbox could not be set up: {heard.output.strip()}")
    if heard.ending == "out of time":
        return Verdict("timeout", output=heard.output, reason=f"not done after {limits.wall_s:g} s")
    if heard.ending in {"too much output", "too many files"}:
        return Verdict("failed", output=heard.output, reason=heard.ending)
    report = _opened(heard.report, key)
    if report is None:
        return _without_report(heard, limits)
    results, problems = report
    names = {*plan.expected, *results}
    passed = sum(results.get(name, False) for name in names)
    if names and passed == len(names) and not problems:
        return Verdict("passed", passed=passed, run=passed, output=heard.output)
    reason = "; ".join(problems) or f"{len(names) - passed} of {len(names)} tests did not pass"
    return Verdict("failed", passed=passed, run=len(names), output=heard.output, reason=reason)


def _opened(report: bytes, key: bytes) -> Report | None:
    """The report, if it is one line under its seal and nothing else; None when missing or forged."""
    seal, _, body = report.removesuffix(b"\n").partition(b" ")
    expected = blake2b(body, key=key, digest_size=32).hexdigest()
    if not hmac.compare_digest(seal, expected.encode()):
        return None
    results, problems = json.loads(body)
    return results, problems


def _without_report(heard: Heard, limits: Limits) -> Verdict:
    if heard.status == 128 + signal.SIGXCPU:
        reason = f"more than {limits.processor_s} s of processor time"
        return Verdict("timeout", output=heard.output, reason=reason)
    if heard.report:
        return Verdict(
            "failed", output=heard.output, reason="the code wrote where only the tests' result belongs"
        )
    ending = f"with exit status {heard.status}"
    if heard.status > 128:
        ending = f"by {signal.Signals(heard.status - 128).name}"
    return Verdict(
        "failed", output=heard.output, reason=f"the code ended the process before its tests did, {ending}"
    )
