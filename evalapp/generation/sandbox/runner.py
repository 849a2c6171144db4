"""The program inside the sandbox: loads an answer, runs the tests on it, reports what passed.

Handed to a bare interpreter as ``python -c SOURCE REPORT_FD``; it imports nothing of ours. It says that it
is ready, reads one job (JSON) from its standard input, sets its own limits, and writes one sealed line to the
report's descriptor. The seal is a keyed hash over the line's body; whoever started it alone knows the key.
Nothing it has learnt to call is looked up again once the answer has run: names are bound beforehand.
"""

import builtins
import json
import resource
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from os import _exit, closerange, dup2, environ, write
from os import open as open_descriptor
from typing import Any

ANSWER = "answer"
STATEMENTS = "tests"
LARGEST_DESCRIPTOR = 65_536
Results = dict[str, bool]


def main(report_fd: int) -> None:
    """Do one job and end the process, whatever threads the answer has left."""
    write(report_fd, b"ready\n")
    job: dict[str, Any] = json.loads(sys.stdin.buffer.read() or b"null") or _exit(0)
    seal = blake2b(key=bytes.fromhex(job.pop("key")), digest_size=32)
    confine(report_fd, job.pop("limits"))
    dumps, flush = json.dumps, sys.stdout.flush
    results, problems = tested(job)
    body = dumps([results, problems]).encode()
    flush()
    seal.update(body)
    write(report_fd, seal.hexdigest().encode() + b" " + body + b"\n")
    _exit(0)


def confine(report_fd: int, limits: dict[str, int]) -> None:
    """Set the limits for good, and keep no descriptor but the output's and the report's."""
    closerange(3, report_fd)
    closerange(report_fd + 1, LARGEST_DESCRIPTOR)
    environ.clear()
    null = open_descriptor("/dev/null", 0)
    dup2(null, 0)
    closerange(null, null + 1)
    for name, most in limits.items():
        # The processor's limit kills at its hard end what ignores the signal at its soft end.
        resource.setrlimit(getattr(resource, name), (most, most + (name == "RLIMIT_CPU")))


def tested(job: dict[str, Any]) -> tuple[Results, list[str]]:
    """Each test by name with whether it passed, and what kept tests from running."""
    module = types.ModuleType(ANSWER)
    sys.modules[ANSWER] = sys.modules["__main__"] = module
    show = shown(job)
    guarded = machinery(with_classes=bool(job["classes"]))
    results: Results = {}
    for what, load in (("the answer's code", load_answer), ("the tests", load_tests)):
        try:
            load(job, module)
        except BaseException as error:  # noqa: BLE001 (SystemExit too)
            show()
            if load is load_tests and job["expected"] == [STATEMENTS]:
                return {STATEMENTS: False}, []
            return results, [f"{what} could not be run: {type(error).__name__}"]
    for name, passes in tests_of(job, module, show):
        results[name] = passes()
    if job["expected"] == [STATEMENTS]:
        results[STATEMENTS] = True
    changed = [name for (owner, name), value in guarded.items() if owner.__dict__.get(name) is not value]
    if changed:
        return {}, [f"the answer replaced what tests rely on: {', '.join(sorted(changed)[:5])}"]
    return results, []


def load_answer(job: dict[str, Any], module: types.ModuleType) -> None:
    """Run the prompt where it is Python, for its imports and helpers, then the answer or its rest."""
    names = module.__dict__
    with suppress(BaseException):  # Most prompts are prose.
        exec(compile(job["prompt"], "prompt.py", "exec", dont_inherit=True), names)  # noqa: S102
    # The prompt's beginning of the function must not stand in for an answer that lacks it.
    names.pop(job["entry_point"], None)
    try:
        code = compile(job["code"], "answer.py", "exec", dont_inherit=True)
    except SyntaxError:
        try:
            code = compile(job["prompt"] + job["code"], "answer.py", "exec", dont_inherit=True)
        except SyntaxError:
            code = compile(job["code"], "answer.py", "exec", dont_inherit=True)
    exec(code, names)  # noqa: S102 (what this program is for)


def load_tests(job: dict[str, Any], module: types.ModuleType) -> None:
    """Run the tests' source in the answer's own names, so that it finds every definition there."""
    exec(compile(job["tests"], "tests.py", "exec", dont_inherit=True), module.__dict__)  # noqa: S102


def tests_of(
    job: dict[str, Any], module: types.ModuleType, show: Callable[[], None]
) -> Iterator[tuple[str, Callable[[], bool]]]:
    """Every test, ready to be run, with its name."""
    names = module.__dict__
    if job["check"]:
        yield "check", partial(passes, partial(check, names, job["entry_point"]), show)
    for name in job["functions"]:
        yield name, partial(passes, names[name], show)
    for name in job["classes"]:
        found = names[name]
        import unittest

        if issubclass(found, unittest.TestCase):
            yield from cases_of(name, found)
            continue
        for method in job["classes"][name]:
            yield f"{name}.{method}", partial(passes, partial(run_method, found, method), show)


def check(names: dict[str, Any], entry_point: str) -> object:
    """The tests' own ``check``, on what the answer defined."""
    return names["check"](names[entry_point])


def run_method(of: Any, method: str) -> object:
    """A test method of a class of its own, on a fresh object."""
    return getattr(of(), method)()


def passes(test: Callable[[], object], show: Callable[[], None]) -> bool:
    """Whether the test returns; a coroutine is run to its end. Leaving the process counts as not passing."""
    try:
        outcome = test()
        if isinstance(outcome, types.CoroutineType):
            import asyncio

            asyncio.run(outcome)
    except BaseException:  # noqa: BLE001 (SystemExit too)
        show()
        return False
    return True


def cases_of(name: str, case: Any) -> Iterator[tuple[str, Callable[[], bool]]]:
    """The test methods of a `unittest.TestCase`, run together for their class's set-up; a skip is no pass."""
    import unittest

    class Result(unittest.TestResult):
        def __init__(self) -> None:
            super().__init__()
            self.passed: set[str] = set()

        def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
            self.passed.add(test.id().rpartition(".")[2])

        def addExpectedFailure(self, test: unittest.TestCase, err: object) -> None:  # noqa: N802
            self.addSuccess(test)

    result = Result()
    loader = unittest.TestLoader()
    try:
        loader.loadTestsFromTestCase(case).run(result)
    except BaseException as error:  # noqa: BLE001
        print(f"{name} ended early: {type(error).__name__}: {error}")
    for test, trace in result.errors + result.failures:
        print(f"{test}\n{trace}")
    for method in loader.getTestCaseNames(case):
        yield f"{name}.{method}", partial(result.passed.__contains__, method)


def shown(job: dict[str, Any]) -> Callable[[], None]:
    """Prints the current exception with the lines it came through, this program's own left out."""

    def show() -> None:
        import linecache
        import traceback

        for name in ("prompt", "answer", "tests"):
            source: str = job["code" if name == "answer" else name]
            linecache.cache[f"{name}.py"] = (
                len(source),
                None,
                source.splitlines(keepends=True),
                f"{name}.py",
            )
        kind, error, trace = sys.exc_info()
        while trace is not None and trace.tb_frame.f_code.co_filename == "<string>":
            trace = trace.tb_next
        try:
            traceback.print_exception(kind, error, trace, limit=-20, file=sys.__stdout__)
        except BaseException:  # noqa: BLE001 (an exception of the answer's may refuse to be printed)
            print("an exception that cannot be shown")

    return show


def machinery(*, with_classes: bool) -> dict[tuple[Any, str], object]:
    """What tests rely on, as it is before the answer runs."""
    owners: list[Any] = [builtins]
    if with_classes:
        import unittest

        owners.append(unittest.TestCase)
    return {(owner, name): value for owner in owners for name, value in owner.__dict__.items() if name != "_"}


if __name__ == "__main__":
    main(int(sys.argv[1]))
