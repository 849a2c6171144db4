"""What raters agreed to prefer becomes training data, with its votes; what they did not agree on does not."""

import json
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from evalapp.models import Generation, Run
from raters.distilling.preferred import NothingToDistil, agreed_comparisons, preferred_examples
from raters.models import Seat, Study
from raters.studies.closing import close_study
from tests.studies.casting import NOON, judge, make_raters, make_study, must_claim

pytestmark = pytest.mark.django_db
VOTES = {
    "s0": ["a", "a", "a"],
    "s1": ["b", "b", "a"],
    "s2": ["a", "b", "tie"],
    "s3": ["tie", "tie", "a"],
    "s4": ["both_bad", "b", "b"],
}


def judged(votes: dict[str, list[str]], *, kind: str = "qa", closed: bool = True) -> Study:
    """A study whose samples got these choices, as a, b, tie or both_bad."""
    study = make_study(kind=kind, samples=len(votes))
    left = {key: list(choices) for key, choices in votes.items()}
    for rater in make_raters(study):
        for _ in votes:
            held = must_claim(rater)
            seat = Seat.objects.select_related("comparison__sample").get(rater=rater, state="leased")
            choice = left[seat.comparison.sample.key].pop()
            if choice in {"a", "b"}:
                choice = "left" if choice == seat.shown_left else "right"
            judge(rater, held, answers={"overall": choice})
    if closed:
        close_study(study, actor="olga", now=NOON)
    study.refresh_from_db()
    return study


def test_majorities_for_one_system_are_found_with_their_votes() -> None:
    study = judged(VOTES)
    found = {
        each.position: (each.winner, each.votes, each.share) for each in agreed_comparisons(study, "overall")
    }
    assert found == {
        0: ("a", {"a": 3, "b": 0, "tie": 0, "both_bad": 0}, 1.0),
        1: ("b", {"a": 1, "b": 2, "tie": 0, "both_bad": 0}, 2 / 3),
        4: ("b", {"a": 0, "b": 2, "tie": 0, "both_bad": 1}, 2 / 3),
    }


def test_preferred_outputs_stand_with_what_they_were_preferred_to_and_their_provenance() -> None:
    study = judged(VOTES)
    found = list(preferred_examples(study))
    assert [(each.preferred, each.rejected) for each in found] == [
        ("small s0", "large s0"),
        ("large s1", "small s1"),
        ("large s4", "small s4"),
    ]
    large = Run.objects.get(system__name="large")
    small = Run.objects.get(system__name="small")
    assert found[1].provenance == {
        "study": "study",
        "simulated": False,
        "comparison": "c000002",
        "criterion": "overall",
        "votes": {"a": 1, "b": 2, "tie": 0, "both_bad": 0},
        "share": 0.6667,
        "preferred_to": "small",
        "run": large.pk,
        "other_run": small.pk,
        "task_set": "study tasks",
        "task_set_checksum": study.task_set.checksum,
        "kind": "qa",
        "sample": "s1",
        "system": "large",
        "served_by": "",
        "fallback_reason": "",
        "imported": True,
        "checks": {},
    }


def test_a_share_can_be_asked_for() -> None:
    study = judged(VOTES)
    assert [each.provenance["sample"] for each in preferred_examples(study, least_share=0.9)] == ["s0"]


def test_a_preferred_refusal_is_not_learnt_from() -> None:
    study = judged({"s0": ["a", "a", "a"], "s1": ["a", "a", "b"]})
    Generation.objects.filter(run__system__name="small", sample__key="s0").update(state="refused")
    assert [each.provenance["sample"] for each in preferred_examples(study)] == ["s1"]


def test_a_conversation_is_learnt_whole_and_makes_no_pair() -> None:
    (found,) = preferred_examples(judged({"s0": ["a", "a", "a"]}, kind="chat"))
    assert [each["content"] for each in found.messages] == ["Hello", "small s0", "And now?"]
    assert (found.preferred, found.rejected) == ("small s0 again", None)


def test_an_open_study_gives_nothing_away(tmp_path: Path) -> None:
    study = judged({"s0": ["a", "a", "a"]}, closed=False)
    with pytest.raises(NothingToDistil, match="sealed"):
        list(preferred_examples(study))
    path = tmp_path / "out.zip"
    with pytest.raises(CommandError, match="sealed"):
        call_command("distill", "--study", "study", "-o", str(path))
    assert not path.exists()


@pytest.mark.parametrize(
    ("options", "words"), [({"criterion": "style"}, "it has overall"), ({"least_share": 2.0}, "from 0 to 1")]
)
def test_what_makes_no_sense_is_refused(options: dict[str, object], words: str) -> None:
    study = judged({"s0": ["a", "a", "a"]})
    with pytest.raises(NothingToDistil, match=words):
        list(preferred_examples(study, **options))  # type: ignore[arg-type]


def test_the_command_writes_the_files_of_the_two_trainings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judged(VOTES)
    path = tmp_path / "out.zip"
    call_command("distill", "--study", "study", "-o", str(path), "--json")
    assert json.loads(capsys.readouterr().out) == {"file": str(path), "examples": 3}
    with zipfile.ZipFile(path) as archive:
        names = sorted(archive.namelist())
        pair = json.loads(archive.read("preferences.jsonl").decode().split("\n")[0])
    assert names == ["README.txt", "chat.jsonl", "preferences.jsonl", "provenance.jsonl"]
    assert pair == {
        "input": {"messages": [{"role": "user", "content": "What is the capital of Peru?"}]},
        "preferred_output": [{"role": "assistant", "content": "small s0"}],
        "non_preferred_output": [{"role": "assistant", "content": "large s0"}],
    }


def test_the_command_says_when_there_is_nothing_to_learn_from(tmp_path: Path) -> None:
    judged({"s0": ["a", "b", "tie"]})
    with pytest.raises(SystemExit) as left:
        call_command("distill", "--study", "study", "-o", str(tmp_path / "out.zip"))
    assert left.value.code == 1
    with pytest.raises(CommandError, match="no study"):
        call_command("distill", "--study", "other", "-o", str(tmp_path / "out.zip"))
    with pytest.raises(CommandError, match="There is no run 999"):
        call_command("distill", "--run", "999", "-o", str(tmp_path / "out.zip"))
