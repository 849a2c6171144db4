"""Records to samples: every record checked, every problem named, pictures cleaned, given outputs read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from evalapp.kinds.base import TaskKind
from evalapp.problems import FileRefused, Problem
from evalapp.tasksets.archive import Archive, EntryRefused
from evalapp.tasksets.limits import DEFAULT_LIMITS, Limits
from evalapp.tasksets.outputs import Output, outputs_of
from evalapp.tasksets.pictures import Picture, PictureRefused, clean_picture
from evalapp.tasksets.reading import TaskFile
from evalapp.tasksets.records import Record
from evalapp.tasksets.strict_json import NotStrict, shown, strict_value

MOST_KEY_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class CheckedSample:
    """One sample ready to be stored; ``outputs`` are by system name, for those systems that answered it."""

    key: str
    line: int
    payload: Mapping[str, object]
    outputs: Mapping[str, Output]


@dataclass(frozen=True, slots=True)
class CheckedTaskSet:
    """A whole task file without a fault. ``systems`` are the names under ``outputs``, first seen first."""

    samples: tuple[CheckedSample, ...]
    pictures: tuple[Picture, ...]
    systems: tuple[str, ...]
    unused_files: tuple[str, ...]


def check_task_file(file: TaskFile, kind: TaskKind, limits: Limits = DEFAULT_LIMITS) -> CheckedTaskSet:
    """Check every record; raises ``FileRefused`` with all problems of reading and checking together."""
    problems = list(file.problems)
    pictures = PictureShelf(file.archive, limits)
    samples: list[CheckedSample] = []
    for record in file.records:
        if len(problems) >= limits.problems:
            message = f"more than {limits.problems:,} problems; mend these first, the rest was not read"
            raise FileRefused([*problems, Problem(message, line=record.line)])
        sample = _checked(record, kind, pictures, problems, limits)
        if sample is not None:
            samples.append(sample)
    problems += _repeated_keys(samples)
    if problems:
        raise FileRefused(problems)
    payloads = kind.settle([sample.payload for sample in samples])
    settled = [replace(sample, payload=payload) for sample, payload in zip(samples, payloads, strict=True)]
    return CheckedTaskSet(
        samples=tuple(settled),
        pictures=pictures.kept,
        systems=tuple(dict.fromkeys(name for sample in settled for name in sample.outputs)),
        unused_files=pictures.unused,
    )


class PictureShelf:
    """The cleaned pictures of one zip; each is decoded once, however many rows show it."""

    def __init__(self, archive: Archive | None, limits: Limits) -> None:
        self._archive = archive
        self._limits = limits
        self._by_name: dict[str, Picture] = {}

    @property
    def kept(self) -> tuple[Picture, ...]:
        """Without doubles: two names may hold one picture."""
        return tuple({picture.sha256: picture for picture in self._by_name.values()}.values())

    @property
    def unused(self) -> tuple[str, ...]:
        """Files in the zip that no row names."""
        return tuple(sorted(self._archive.picture_names - set(self._by_name))) if self._archive else ()

    def picture(self, name: str) -> Picture:
        """The picture a row names; raises ``PictureRefused``."""
        if self._archive is None:
            raise PictureRefused("pictures come in a zip: put this file and its pictures into one")
        full_name = self._archive.full_name(name)
        if full_name is None:
            raise PictureRefused("the zip holds no file of this name; add it, or mend the name")
        if full_name not in self._by_name:
            try:
                data = self._archive.read(full_name, self._limits.picture_bytes)
            except EntryRefused as error:
                raise PictureRefused(str(error)) from None
            self._by_name[full_name] = clean_picture(data, self._limits)
        return self._by_name[full_name]


def _checked(
    record: Record, kind: TaskKind, pictures: PictureShelf, problems: list[Problem], limits: Limits
) -> CheckedSample | None:
    """The record as a sample; None, with its problems added to the list, when it has any."""
    faults: list[Problem] = []
    key = _key(record, faults)
    values = _without_columns(record.values)
    for field in kind.fields:
        if field.type == "list of texts" and field.name in values:
            place = Problem("", line=record.line, field=field.name)
            values[field.name] = _list_from_text(values[field.name], place, faults, limits)
    payload, field_problems = kind.check(values)
    faulty = {fault.field for fault in faults}
    faults += [
        Problem(each.message, line=record.line, field=each.field)
        for each in field_problems
        if each.field not in faulty
    ]
    if payload is not None:
        _settle_pictures(payload, kind, record.line, pictures, faults)
    turns = payload.get("turns") if payload is not None else None
    turn_count = len(turns) if isinstance(turns, list) else None
    outputs = outputs_of(
        record, many=kind.name == "chat", turn_count=turn_count, faults=faults, limits=limits
    )
    problems += faults
    return None if faults or payload is None else CheckedSample(key, record.line, payload, outputs)


def _without_columns(values: Mapping[str, object]) -> dict[str, object]:
    """The fields that a kind knows: without ``outputs.<system>`` columns, which are read apart."""
    return {name: value for name, value in values.items() if not name.startswith("outputs.")}


def _list_from_text(value: object, place: Problem, faults: list[Problem], limits: Limits) -> object:
    """A list that CSV had to write as JSON text; what is no JSON at all is left for the kind to name."""
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return value
    try:
        return strict_value(value, limits)
    except NotStrict as fault:
        faults.append(replace(place, message=fault.message))
        return None


def _key(record: Record, faults: list[Problem]) -> str:
    """The row's id as text; a whole number counts as its digits, a row without one gets its line number."""
    value = record.values.get("id")
    if value is None:
        return str(record.line)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        faults.append(Problem("the id must be a text, in double quotes", line=record.line, field="id"))
    elif len(value) > MOST_KEY_CHARACTERS:
        message = f"the id has {len(value)} characters; at most {MOST_KEY_CHARACTERS} are taken"
        faults.append(Problem(message, line=record.line, field="id"))
    elif not value.isprintable():
        faults.append(Problem("the id holds characters that cannot be printed", line=record.line, field="id"))
    else:
        return value
    return ""


def _settle_pictures(
    payload: dict[str, object], kind: TaskKind, line: int, pictures: PictureShelf, faults: list[Problem]
) -> None:
    """Put what is known of a picture in place of its file name."""
    for field in kind.fields:
        name = payload.get(field.name)
        if field.type != "image file" or not isinstance(name, str):
            continue
        try:
            picture = pictures.picture(name)
        except PictureRefused as error:
            faults.append(Problem(f"“{shown(name)}”: {error}", line=line, field=field.name))
        else:
            payload[field.name] = {
                "sha256": picture.sha256,
                "media_type": picture.media_type,
                "width": picture.width,
                "height": picture.height,
            }


def _repeated_keys(samples: Sequence[CheckedSample]) -> list[Problem]:
    first_lines: dict[str, int] = {}
    problems = []
    for sample in samples:
        first = first_lines.setdefault(sample.key, sample.line)
        if first != sample.line:
            message = f"the id “{shown(sample.key)}” stands on line {first} already; ids must be unique"
            problems.append(Problem(message, line=sample.line, field="id"))
    return problems
