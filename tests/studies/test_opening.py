"""Opening a study on a real database: everything or nothing."""

from collections import Counter

import pytest

from evalapp.models import Generation, Run
from raters import audit
from raters.invariants import violations
from raters.models import AuditEvent, Comparison, Seat, Study, StudyArm
from raters.studies.errors import NameTaken, ProtocolRefused, RunsRefused
from raters.studies.opening import open_study, runs_of
from raters.studies.protocol import Criterion, Protocol
from tests.studies.casting import NOON, PAYLOADS, make_run, make_study, make_task_set

pytestmark = pytest.mark.django_db


def nothing_was_written() -> bool:
    return not any(model.objects.exists() for model in (Study, StudyArm, Comparison, Seat, AuditEvent))


@pytest.mark.parametrize("kind", sorted(PAYLOADS))
def test_a_study_of_every_kind_has_its_comparisons_and_seats(kind: str) -> None:
    study = make_study(kind=kind, samples=7)
    comparisons = Comparison.objects.filter(study=study)
    assert [comparison.position for comparison in comparisons] == list(range(7))
    for comparison in comparisons:
        assert comparison.generation_a.run.system.name == "small"
        assert comparison.generation_b.run.system.name == "large"
        assert comparison.generation_a.sample == comparison.generation_b.sample == comparison.sample
    seats = Seat.objects.filter(study=study)
    assert sorted(seats.values_list("place", flat=True)) == list(range(1, 22))
    assert set(Counter(seats.values_list("comparison", flat=True)).values()) == {3}
    assert not list(violations())


def test_three_systems_meet_in_every_pair() -> None:
    study = make_study(samples=2, systems=("one", "two", "three"), raters_per_sample=2)
    pairs = Comparison.objects.values_list(
        "sample__key", "generation_a__run__system__name", "generation_b__run__system__name"
    )
    expected = [("one", "two"), ("one", "three"), ("two", "three")]
    assert list(pairs) == [(key, *pair) for key in ("s0", "s1") for pair in expected]
    assert [arm.run.system.name for arm in study.arms.all()] == ["one", "two", "three"]
    assert Seat.objects.count() == 12


def test_the_protocol_is_kept_whole() -> None:
    task_set = make_task_set(samples=2)
    study = open_study(
        name=" Spaces around ",
        task_set=task_set,
        runs=[make_run(task_set, "small"), make_run(task_set, "large")],
        raters_per_sample=5,
        criteria=(Criterion("tone", "Which is kinder?"),),
        margin=0.05,
        seed=99,
        both_bad_as_tie=True,
        simulated=True,
        now=NOON,
    )
    assert (study.name, study.state, study.simulated, study.opened_at) == (
        "Spaces around",
        "open",
        True,
        NOON,
    )
    assert Protocol.from_json(Study.objects.get().protocol) == Protocol(
        systems=("small", "large"),
        criteria=(Criterion("tone", "Which is kinder?"),),
        raters_per_sample=5,
        margin=0.05,
        seed=99,
        both_bad_as_tie=True,
        comparisons=2,
    )


def test_the_same_seed_gives_the_same_sides_and_order() -> None:
    plans = []
    for number, seed in enumerate((3, 3, 4)):
        study = make_study(f"study {number}", samples=30, systems=(f"s{number}", f"l{number}"), seed=seed)
        plans.append(
            list(
                Seat.objects.filter(study=study)
                .order_by("place")
                .values_list("comparison__position", "number", "shown_left")
            )
        )
    assert plans[0] == plans[1] != plans[2]


def test_a_refusal_is_an_answer_and_is_judged() -> None:
    task_set = make_task_set(samples=2)
    runs = [make_run(task_set, "small"), make_run(task_set, "large")]
    Generation.objects.filter(run=runs[0], sample__key="s0").update(state="refused", output="I will not.")
    open_study(name="study", task_set=task_set, runs=runs, seed=1)
    assert Comparison.objects.count() == 2


def test_a_run_that_failed_in_samples_is_refused_by_name_and_number() -> None:
    task_set = make_task_set(samples=5)
    runs = [make_run(task_set, "small", failed=["s1", "s3"]), make_run(task_set, "large")]
    Generation.objects.filter(run=runs[1], sample__key="s0").update(state="pending", output=None)
    with pytest.raises(RunsRefused) as refusal:
        open_study(name="study", task_set=task_set, runs=runs, seed=1)
    small, large = refusal.value.problems
    assert "“small” has no output for 2 of 5 samples (2 failed, 0 not finished)" in small
    assert "generate them again, or allow missing samples" in small
    assert "“large” has no output for 1 of 5 samples" in large
    assert "wait for the run to finish" in large
    assert nothing_was_written()


def test_samples_without_an_output_can_be_left_out_and_are_listed() -> None:
    task_set = make_task_set(samples=5)
    runs = [make_run(task_set, "small", failed=["s1"]), make_run(task_set, "large", failed=["s3"])]
    study = open_study(name="study", task_set=task_set, runs=runs, seed=1, allow_missing=True)
    assert study.protocol["left_out"] == ["s1", "s3"]
    keys = Comparison.objects.values_list("sample__key", flat=True)
    assert list(keys) == ["s0", "s2", "s4"]
    assert not list(violations())


def test_runs_with_nothing_in_common_are_refused() -> None:
    task_set = make_task_set(samples=2)
    runs = [make_run(task_set, "small", failed=["s0"]), make_run(task_set, "large", failed=["s1"])]
    with pytest.raises(RunsRefused, match="nothing to compare"):
        open_study(name="study", task_set=task_set, runs=runs, seed=1, allow_missing=True)
    assert nothing_was_written()


def test_a_run_of_another_task_set_is_refused() -> None:
    task_set, other = make_task_set("here"), make_task_set("there")
    with pytest.raises(RunsRefused, match="of another task set than “here”"):
        open_study(
            name="study",
            task_set=task_set,
            runs=[make_run(task_set, "small"), make_run(other, "large")],
            seed=1,
        )


def test_two_runs_of_one_system_are_refused() -> None:
    task_set = make_task_set()
    with pytest.raises(RunsRefused, match="stands twice"):
        open_study(
            name="study",
            task_set=task_set,
            runs=[make_run(task_set, "small"), make_run(task_set, "small")],
            seed=1,
        )


def test_a_taken_name_is_refused_and_nothing_is_left_behind() -> None:
    make_study("study")
    before = Seat.objects.count()
    task_set = make_task_set("more")
    runs = [make_run(task_set, "x"), make_run(task_set, "y")]
    with pytest.raises(NameTaken):
        open_study(name="study", task_set=task_set, runs=runs, seed=1)
    assert (Study.objects.count(), Seat.objects.count()) == (1, before)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"raters_per_sample": 0}, "raters per sample"),
        ({"raters_per_sample": 16}, "raters per sample"),
        ({"margin": 0.0}, "margin"),
        ({"margin": 0.5}, "margin"),
        ({"margin": float("nan")}, "margin"),
        ({"seed": -1}, "seed"),
        ({"criteria": ()}, "criteria"),
        ({"criteria": (Criterion("a", "?"), Criterion("a", "?"))}, "criteria"),
        ({"name": "  "}, "name"),
    ],
)
def test_settings_that_make_no_study_are_refused_by_field(settings: dict[str, object], field: str) -> None:
    task_set = make_task_set()
    runs = [make_run(task_set, "small"), make_run(task_set, "large")]
    arguments: dict[str, object] = {"name": "study", "task_set": task_set, "runs": runs, "seed": 1}
    with pytest.raises(ProtocolRefused) as refusal:
        open_study(**(arguments | settings))  # type: ignore[arg-type]
    assert [problem.field for problem in refusal.value.settings] == [field]
    assert nothing_was_written()


def test_a_system_without_a_run_is_named() -> None:
    task_set = make_task_set("tasks")
    make_run(task_set, "small")
    with pytest.raises(RunsRefused) as refusal:
        runs_of(task_set, ["small", "medium", "large"])
    assert ["“medium” has no run" in refusal.value.problems[0], "“large”" in refusal.value.problems[1]] == [
        True,
        True,
    ]


def test_the_newest_finished_run_of_a_system_is_taken() -> None:
    task_set = make_task_set()
    make_run(task_set, "small")
    newest_done, running = make_run(task_set, "small"), make_run(task_set, "small")
    Run.objects.filter(pk=running.pk).update(state="running")
    assert runs_of(task_set, ["small"]) == [newest_done]


def test_opening_is_the_first_link_of_a_sealed_log() -> None:
    study = make_study()
    event = study.events.get()
    assert (event.action, event.actor, event.previous_seal) == ("opened", audit.CONSOLE, "")
    assert event.seal == audit.sealed(event)
    assert event.detail["comparisons"] == 4


def test_a_change_in_the_log_breaks_its_chain() -> None:
    study = make_study()
    for action in ("looked", "looked again"):
        audit.record(study, action, actor="olga", now=NOON)
    events = list(study.events.order_by("pk"))
    assert audit.broken_links(events) == []
    assert audit.broken_links(events[:1] + events[2:]) == [events[2]]
    events[1].actor = "somebody else"
    assert audit.broken_links(events) == [events[1]]
