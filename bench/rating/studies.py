"""Studies of any size, written by a few statements, and raters who are already in."""

import random
import secrets

from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import timezone

from evalapp.models import Generation, Run, Sample, System, TaskSet
from raters.models import Study
from raters.people.inviting import add_rater
from raters.studies.protocol import OVERALL, Protocol

#: Outputs are shared between comparisons; two of them meet only once.
OUTPUTS = 1_000
OUTPUT_CHARACTERS = 2_000
COMPARISONS = """
    INSERT INTO raters_comparison (study_id, sample_id, generation_a_id, generation_b_id, position)
    SELECT %(study)s, %(samples)s + n %% %(outputs)s, %(a)s + n %% %(outputs)s,
           %(b)s + (n + n / %(outputs)s) %% %(outputs)s, n
    FROM generate_series(0, %(count)s - 1) AS n
"""
SEATS = """
    INSERT INTO raters_seat (study_id, comparison_id, number, shown_left, place, state, token)
    SELECT %(study)s, comparison.id, number, CASE WHEN random() < 0.5 THEN 'a' ELSE 'b' END,
           row_number() OVER (ORDER BY number, random()), 'open', replace(gen_random_uuid()::text, '-', '')
    FROM raters_comparison comparison, generate_series(0, 2) AS number
    WHERE comparison.study_id = %(study)s
"""


def make_study(comparisons: int) -> Study:
    """An open study of so many comparisons with three seats each; at most ``OUTPUTS`` squared."""
    name = f"{comparisons} {secrets.token_hex(3)}"
    task_set = TaskSet.objects.create(
        name=name, kind="qa", checksum="0" * 64, sample_count=OUTPUTS, source_name="f"
    )
    samples = Sample.objects.bulk_create(
        Sample(task_set=task_set, position=n, key=str(n), payload={"prompt": f"Question {n}?"})
        for n in range(OUTPUTS)
    )
    first, second = (_generations(task_set, samples, f"{name} {system}") for system in ("a", "b"))
    protocol = Protocol(
        systems=(f"{name} a", f"{name} b"),
        criteria=(OVERALL,),
        raters_per_sample=3,
        margin=0.1,
        seed=1,
        both_bad_as_tie=False,
        comparisons=comparisons,
    )
    study = Study.objects.create(name=name, task_set=task_set, protocol=protocol.as_json())
    numbers = {"study": study.pk, "samples": samples[0].pk, "a": first, "b": second}
    with connection.cursor() as cursor:
        cursor.execute(COMPARISONS, numbers | {"outputs": OUTPUTS, "count": comparisons})
        cursor.execute(SEATS, {"study": study.pk})
        cursor.execute("ANALYZE")
    return study


def raters_inside(study: Study, count: int) -> list[tuple[str, str]]:
    """So many new raters: the address of the page, and the session that may open it."""
    inside = []
    for _ in range(count):
        rater = add_rater(study, now=timezone.now())
        session = SessionStore()
        session["raters"] = [rater.pk]
        session.create()
        inside.append((f"/rate/{rater.token}/", str(session.session_key)))
    return inside


def _generations(task_set: TaskSet, samples: list[Sample], system: str) -> int:
    """The outputs of one system, about 2 kB each; the number of the first."""
    run = Run.objects.create(
        task_set=task_set,
        system=System.objects.create(name=system),
        state="done",
        imported=True,
        finished_at=timezone.now(),
    )
    chance = random.Random(system)
    made = Generation.objects.bulk_create(
        Generation(run=run, sample=sample, state="done", output=_prose(chance)) for sample in samples
    )
    return made[0].pk


def _prose(chance: random.Random) -> str:
    words = ("".join(chance.choices("aaeeiioutnrsldmpc", k=chance.randint(2, 9))) for _ in range(400))
    return " ".join(words)[:OUTPUT_CHARACTERS]
