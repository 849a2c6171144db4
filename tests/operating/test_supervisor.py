"""The supervisor: starts in order, restarts what dies, says what fails, ends in order and leaves nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.operating.runs import Run, eventually, gone, processes_of


def performing(plan: str, folder: Path) -> Run:
    return Run([sys.executable, "-m", "tests.operating.troupe", plan, str(folder)])


def number_of(name: str, folder: Path) -> int:
    """The process number of the child with this name."""
    [number] = [pid for pid, command in processes_of(folder).items() if command.endswith(f" {name} {folder}")]
    return number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_usual_signal_ends_everything_with_status_0(tmp_path: Path, number: signal.Signals) -> None:
    with performing("steady", tmp_path) as run:
        run.until("All up.")
        assert run.stop(number) == 0
    assert processes_of(tmp_path) == {}
    assert sorted(line.split(" (")[0] for line in run.said[:2]) == ["One is ready", "Two is ready"]
    assert run.said[2:] == [
        "All up.",
        "Stopping; Ctrl-C again stops without waiting for work in flight.",
        "Everything has ended.",
    ]


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    with performing("steady", tmp_path) as run:
        run.until("All up.")
        first = number_of("one", tmp_path)
        os.kill(first, signal.SIGKILL)
        assert run.until("One ended") == "One ended (status -9); starting it again in 0.0 s."
        run.until("One is ready")
        assert number_of("one", tmp_path) != first
        assert run.stop() == 0


def test_a_killed_child_is_started_again_though_its_own_child_lives_and_holds_its_output(
    tmp_path: Path,
) -> None:
    with performing("with_children", tmp_path) as run:
        run.until("All up.")
        eventually(lambda: len(processes_of(tmp_path)) == 4, "the child of the child runs")
        os.kill(number_of("parent", tmp_path), signal.SIGKILL)
        run.until("Parent ended (status -9)")
        run.until("Parent is ready")
        eventually(lambda: len(processes_of(tmp_path)) == 4, "the first child's own child is gone")
        run.process.send_signal(signal.SIGINT)
        run.until("Stopping;")
        run.stop(signal.SIGINT)
    assert processes_of(tmp_path) == {}


def test_a_child_that_dies_again_and_again_is_given_up_with_its_last_lines(tmp_path: Path) -> None:
    with performing("brief", tmp_path) as run:
        assert run.status() == 1
    assert run.output.count("starting it again") == 4
    assert (
        f"Brief ended 5 times in quick succession (last status 3). The end of {tmp_path}/log/brief.log:"
        in run.output
    )
    assert "    ended of itself" in run.said
    assert processes_of(tmp_path) == {}


def test_a_child_that_fails_at_its_start_ends_the_run_with_its_last_lines(tmp_path: Path) -> None:
    with performing("never", tmp_path) as run:
        assert run.status() == 1
    at = run.said.index(f"Never ended at its start (status 4). The end of {tmp_path}/log/never.log:")
    assert run.said[at + 1] == "    no such table"
    assert run.said[-1] == "Everything has ended."
    assert processes_of(tmp_path) == {}


def test_a_child_that_never_gets_ready_ends_the_run(tmp_path: Path) -> None:
    with performing("silent", tmp_path) as run:
        assert run.status() == 1
    assert run.said[0] == f"Silent was not ready after 0 s and wrote nothing to {tmp_path}/log/silent.log."
    assert processes_of(tmp_path) == {}


def test_a_child_that_ignores_the_signal_is_killed_after_its_grace(tmp_path: Path) -> None:
    with performing("deaf", tmp_path) as run:
        run.until("All up.")
        assert run.stop() == 0
    assert "Deaf is killed." in run.said
    assert processes_of(tmp_path) == {}


def test_a_second_interrupt_does_not_wait_for_services(tmp_path: Path) -> None:
    with performing("stubborn", tmp_path) as run:
        run.until("All up.")
        run.process.send_signal(signal.SIGINT)
        run.until("Stopping;")
        assert run.stop(signal.SIGINT) == 0
    assert "Deaf is killed." in run.said


def test_services_are_gone_before_servers_are_told(tmp_path: Path) -> None:
    with performing("orderly", tmp_path) as run:
        run.until("All up.")
        assert run.stop() == 0
    assert (tmp_path / "order").read_text().split("\n") == [
        "service told", "service gone", "server told", "server gone", "",
    ]  # fmt: skip


def test_killing_the_supervisor_ends_children_of_children_and_the_deaf(tmp_path: Path) -> None:
    with performing("with_children", tmp_path) as run:
        run.until("All up.")
        eventually(lambda: len(processes_of(tmp_path)) == 4, "the child of the child runs")
        run.stop(signal.SIGKILL)
        gone(tmp_path)


def test_steps_run_before_and_after_the_services_and_only_the_shown_speak(tmp_path: Path) -> None:
    with performing("steps", tmp_path) as run:
        run.until("All up.")
        run.stop()
    assert [line.split(" (")[0] for line in run.said[:5]] == [
        "Doing first …", "Steady is ready", "Doing last …", "http://localhost/for/you", "All up.",
    ]  # fmt: skip
    assert (tmp_path / "log" / "first.log").read_text() == "hidden\n"


def test_a_failing_step_ends_the_run_before_any_service_starts(tmp_path: Path) -> None:
    with performing("broken_step", tmp_path) as run:
        assert run.status() == 1
    assert run.said == [
        "Doing migrate …",
        f"Doing migrate failed (status 1). The end of {tmp_path}/log/migrate.log:",
        "    no such column",
        "Everything has ended.",
    ]


def test_a_step_does_not_outlast_a_service_that_is_given_up(tmp_path: Path) -> None:
    with performing("step_beside_a_failure", tmp_path) as run:
        assert run.status() == 1
    assert "Brief ended 5 times" in run.output
    assert processes_of(tmp_path) == {}


def test_long_lines_unended_lines_and_bytes_that_are_no_text_are_logged(tmp_path: Path) -> None:
    with performing("talkative", tmp_path) as run:
        run.until("All up.")
        run.stop()
    log = (tmp_path / "log" / "talkative.log").read_text(encoding="utf-8")
    assert log.replace("\n", "").startswith("x" * 300_000)
    assert log.endswith("\nready \N{REPLACEMENT CHARACTER}\n")
    assert (tmp_path / "log" / "talkative.log").stat().st_mode & 0o777 == 0o600


def test_it_ends_with_the_process_it_watches(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as watched:
        (tmp_path / "watched").write_text(str(watched.pid))
        with performing("watching", tmp_path) as run:
            run.until("All up.")
            # Killed but not yet waited for, it still has an entry in the process table.
            watched.kill()
            assert run.status() == 0
    assert processes_of(tmp_path) == {}
