"""Time, processor and output are bounded, and the verdict says which bound was met."""

from dataclasses import replace

from tests.sandbox.sandboxed import SMALL, verdict_on

TESTS = "def test_it_ends():\n    work()\n"


def test_code_that_waits_for_ever_is_out_of_time(namespaces_forbidden: bool) -> None:
    verdict = verdict_on(
        "import time\ndef work():\n    print('waiting')\n    time.sleep(10**6)\n",
        TESTS,
        limits=replace(SMALL, wall_s=1.5),
        forbidden=namespaces_forbidden,
    )
    assert (verdict.state, verdict.reason) == ("timeout", "not done after 1.5 s")
    assert verdict.output == "waiting\n"


def test_code_that_waits_while_it_is_loaded_is_out_of_time(namespaces_forbidden: bool) -> None:
    verdict = verdict_on(
        "while True:\n    try:\n        input()\n    except EOFError:\n        import time; time.sleep(60)\n",
        TESTS,
        limits=replace(SMALL, wall_s=1.5),
        forbidden=namespaces_forbidden,
    )
    assert verdict.state == "timeout"


def test_code_that_computes_for_ever_is_out_of_processor_time(namespaces_forbidden: bool) -> None:
    verdict = verdict_on(
        "def work():\n    while True:\n        pass\n",
        TESTS,
        limits=replace(SMALL, processor_s=1),
        forbidden=namespaces_forbidden,
    )
    assert (verdict.state, verdict.reason) == ("timeout", "more than 1 s of processor time")


def test_a_huge_number_is_out_of_processor_time_within_one_line(
    namespaces_forbidden: bool,
) -> None:
    verdict = verdict_on(
        "def work():\n    return 7 ** (10 ** 8)\n",
        TESTS,
        limits=replace(SMALL, processor_s=1),
        forbidden=namespaces_forbidden,
    )
    assert (verdict.state, verdict.reason) == ("timeout", "more than 1 s of processor time")


def test_code_that_ignores_the_processors_signal_is_killed(namespaces_forbidden: bool) -> None:
    verdict = verdict_on(
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True:\n    pass\n",
        TESTS,
        limits=replace(SMALL, processor_s=1),
        forbidden=namespaces_forbidden,
    )
    assert verdict.state == "failed"
    assert verdict.reason.endswith("by SIGKILL")


def test_a_flood_of_output_ends_the_run_and_only_its_ends_are_kept(namespaces_forbidden: bool) -> None:
    verdict = verdict_on(
        "def work():\n    print('first')\n    while True:\n        print('x' * 10_000)\n",
        TESTS,
        limits=replace(SMALL, output_bytes=2_000_000, kept_bytes=1000),
        forbidden=namespaces_forbidden,
    )
    assert (verdict.state, verdict.reason) == ("failed", "too much output")
    assert verdict.output.startswith("first\nxxx")
    assert "bytes left out" in verdict.output
    assert len(verdict.output) < 2_100


def test_a_flood_of_empty_files_ends_the_run(namespaces_forbidden: bool) -> None:
    verdict = verdict_on(
        "def work():\n    for number in range(10**9):\n        open(str(number), 'w').close()\n",
        TESTS,
        forbidden=namespaces_forbidden,
    )
    assert (verdict.state, verdict.reason) == ("failed", "too many files")


def test_as_many_files_as_may_be_do_not_spoil_a_pass(namespaces_forbidden: bool) -> None:
    verdict = verdict_on(
        "import time\ndef work():\n    for number in range(200):\n        open(str(number), 'w').close()\n"
        "    time.sleep(0.3)\n",
        TESTS,
        limits=replace(SMALL, files=201),
        forbidden=namespaces_forbidden,
    )
    assert verdict.state == "passed"


def test_much_output_within_the_bound_does_not_spoil_a_pass(namespaces_forbidden: bool) -> None:
    verdict = verdict_on(
        "def work():\n    print('x' * 1_000_000)\n    print('last')\n",
        TESTS,
        limits=replace(SMALL, kept_bytes=1000),
        forbidden=namespaces_forbidden,
    )
    assert verdict.state == "passed"
    assert verdict.output.endswith("xxx\nlast\n")


def test_output_is_text_that_a_database_can_hold(namespaces_forbidden: bool) -> None:
    verdict = verdict_on(
        "import os\ndef work():\n    os.write(1, b'a\\0b\\xff\\xed\\xa0\\x80c\\n')\n",
        TESTS,
        forbidden=namespaces_forbidden,
    )
    assert verdict.state == "passed"
    assert verdict.output == "a\ufffdb\ufffd\ufffd\ufffd\ufffdc\n"
