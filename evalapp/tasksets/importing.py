"""A task file into the database: every sample, or nothing."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from evalapp.kinds import KINDS
from evalapp.models import Account, Generation, Image, Run, Sample, System, TaskSet
from evalapp.models.generation import GenerationState, RunState
from evalapp.problems import FileRefused, Problem
from evalapp.tasksets.checking import CheckedSample, CheckedTaskSet, check_task_file
from evalapp.tasksets.copying import copy_rows, json_text
from evalapp.tasksets.limits import DEFAULT_LIMITS, Limits
from evalapp.tasksets.pictures import Picture
from evalapp.tasksets.reading import read_task_file


@dataclass(frozen=True, slots=True)
class ImportedTaskSet:
    """What came of an import. ``runs`` hold the outputs that the file carried, one run per system.

    ``notes`` are things worth knowing that were no faults, such as samples without one system's output.
    """

    task_set: TaskSet
    runs: tuple[Run, ...]
    notes: tuple[str, ...]


def import_task_set(
    *,
    name: str,
    kind: str,
    data: bytes,
    source_name: str,
    created_by: Account | None = None,
    with_outputs: bool = False,
) -> ImportedTaskSet:
    """Import one task file; raises ``FileRefused`` with every problem found, and then nothing has changed.

    Reading and checking come before the transaction, so that a large file holds no locks while it is decoded.
    """
    name = name.strip()
    problems = _choice_problems(name, kind)
    if problems:
        raise FileRefused(problems)
    limits = Limits(file_bytes=settings.UPLOAD_MOST_BYTES, inflated_bytes=8 * DEFAULT_LIMITS.file_bytes)
    checked = check_task_file(read_task_file(data, source_name, limits), KINDS[kind], limits)
    if with_outputs:
        problems = _system_problems(checked.systems)
        if problems:
            raise FileRefused(problems)
    try:
        with transaction.atomic():
            task_set = TaskSet.objects.create(
                name=name,
                kind=kind,
                checksum=hashlib.sha256(data).hexdigest(),
                sample_count=len(checked.samples),
                source_name=source_name[:255],
                created_by=created_by,
            )
            _store_pictures(checked.pictures)
            _store_samples(task_set, checked.samples)
            runs = _store_outputs(task_set, checked, created_by) if with_outputs else ()
    except IntegrityError:
        # Somebody took the name between the check and the write; anything else is a fault of ours.
        if TaskSet.objects.filter(name=name).exists():
            raise FileRefused([_name_taken(name)]) from None
        raise
    return ImportedTaskSet(task_set, runs, tuple(_notes(checked, with_outputs=with_outputs)))


def _choice_problems(name: str, kind: str) -> list[Problem]:
    problems = []
    if kind not in KINDS:
        message = f"“{kind}” is not a task kind; choose one of: {', '.join(KINDS)}"
        problems.append(Problem(message, field="kind"))
    if not name or len(name) > 200 or not name.isprintable():
        problems.append(Problem("give the task set a name of 1 to 200 printable characters", field="name"))
    elif TaskSet.objects.filter(name=name).exists():
        problems.append(_name_taken(name))
    return problems


def _name_taken(name: str) -> Problem:
    return Problem(f"there is a task set called “{name}” already; choose another name", field="name")


def _system_problems(names: Sequence[str]) -> list[Problem]:
    """Outputs made elsewhere must not stand under the name of a system that is asked here."""
    if not names:
        message = 'no row carries outputs; add {"system name": "its output"}, or import without outputs'
        return [Problem(message, field="outputs")]
    taken = System.objects.filter(name__in=names, model__isnull=False).values_list("name", flat=True)
    return [
        Problem(
            f"“{name}” is a system that is asked here; rename it in the file, so that its outputs stay apart",
            field=f"outputs.{name}",
        )
        for name in taken
    ]


def _store_pictures(pictures: Sequence[Picture]) -> None:
    Image.objects.bulk_create(
        [
            Image(
                sha256=picture.sha256,
                media_type=picture.media_type,
                width=picture.width,
                height=picture.height,
                data=picture.data,
            )
            for picture in pictures
        ],
        batch_size=20,
        ignore_conflicts=True,
    )


def _store_samples(task_set: TaskSet, samples: Sequence[CheckedSample]) -> None:
    rows = (
        (task_set.pk, position, sample.key, json_text(sample.payload))
        for position, sample in enumerate(samples)
    )
    copy_rows(Sample, ("task_set_id", "position", "key", "payload"), rows)


def _store_outputs(task_set: TaskSet, checked: CheckedTaskSet, created_by: Account | None) -> tuple[Run, ...]:
    """One finished run per system; a sample that a system did not answer has no row in its run."""
    sample_ids = list(task_set.samples.order_by("position").values_list("pk", flat=True))
    now = timezone.now()
    runs = []
    for name in checked.systems:
        system, _ = System.objects.get_or_create(name=name)
        run = Run.objects.create(
            task_set=task_set,
            system=system,
            state=RunState.DONE,
            imported=True,
            created_at=now,
            created_by=created_by,
            finished_at=now,
        )
        columns, rows = _generation_rows(run, sample_ids, checked.samples)
        copy_rows(Generation, columns, rows)
        runs.append(run)
    return tuple(runs)


def _generation_rows(
    run: Run, sample_ids: Sequence[int], samples: Sequence[CheckedSample]
) -> tuple[list[str], Iterator[list[object]]]:
    """Every column as a new row would have it, with the sample, the output and its checks put in."""
    name = run.system.name
    pattern = Generation(run=run, state=GenerationState.DONE, served_by=name, finished_at=run.finished_at)
    meta = Generation._meta  # noqa: SLF001 - Django's documented name
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    columns = [str(field.column) for field in fields]
    values = [_stored(field, pattern) for field in fields]
    sample_at, output_at, checks_at = map(columns.index, ("sample_id", "output", "checks"))
    kind = KINDS[run.task_set.kind]

    def rows() -> Iterator[list[object]]:
        for sample_id, sample in zip(sample_ids, samples, strict=True):
            if name in sample.outputs:
                row = list(values)
                output = sample.outputs[name]
                row[sample_at], row[output_at] = sample_id, json_text(output)
                checks = kind.objective(sample.payload, output)
                row[checks_at] = None if checks is None else json_text(checks)
                yield row

    return columns, rows()


def _stored(field: "models.Field[object, object]", pattern: Generation) -> object:
    value = field.value_from_object(pattern)
    if isinstance(field, models.JSONField):
        return None if value is None else json_text(value)
    return field.get_db_prep_save(value, connection)


def _notes(checked: CheckedTaskSet, *, with_outputs: bool) -> Iterator[str]:
    for name in checked.systems if with_outputs else ():
        missing = sum(name not in sample.outputs for sample in checked.samples)
        if missing:
            yield f"{name}: {missing} of {len(checked.samples)} samples have no output of it."
    if checked.systems and not with_outputs:
        yield f"The file carries outputs of {', '.join(checked.systems)}; nobody asked to import them."
    if checked.unused_files:
        yield f"{len(checked.unused_files)} files in the zip are named by no row and were left out."
