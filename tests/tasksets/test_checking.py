"""Records become samples, or every problem of every line is named at once."""

import json

import pytest

from evalapp.kinds import KINDS
from evalapp.problems import FileRefused
from evalapp.tasksets.checking import CheckedTaskSet, check_task_file
from evalapp.tasksets.limits import DEFAULT_LIMITS, Limits
from evalapp.tasksets.reading import read_task_file
from tests.tasksets.zips import picture, zipped


def checked(
    kind: str, data: bytes | str, name: str = "tasks.jsonl", limits: Limits = DEFAULT_LIMITS
) -> CheckedTaskSet:
    """The samples of a file."""
    content = data.encode() if isinstance(data, str) else data
    return check_task_file(read_task_file(content, name, limits), KINDS[kind], limits)


def refused(
    kind: str, data: bytes | str, name: str = "tasks.jsonl", limits: Limits = DEFAULT_LIMITS
) -> list[str]:
    """The problems of a file, as people read them."""
    with pytest.raises(FileRefused) as caught:
        checked(kind, data, name, limits)
    return [str(problem) for problem in caught.value.problems]


def lines(*rows: object) -> str:
    """JSON Lines of these rows."""
    return "\n".join(json.dumps(row) for row in rows)


def test_json_lines_and_csv_give_the_same_samples() -> None:
    from_json = checked(
        "chat", lines({"id": "a", "turns": ["one", "two"], "outputs": {"x": ["1", "2"], "y": ["3", "4"]}})
    )
    from_csv = checked(
        "chat",
        'id,turns,outputs,outputs.y\na,"[""one"", ""two""]","{""x"": [""1"", ""2""]}","[""3"", ""4""]"\n',
        "t.csv",
    )
    assert [(each.key, each.payload, each.outputs) for each in from_csv.samples] == [
        (each.key, each.payload, each.outputs) for each in from_json.samples
    ]
    assert from_json.samples[0].outputs == {"x": ["1", "2"], "y": ["3", "4"]}
    assert from_json.systems == from_csv.systems == ("x", "y")


def test_a_row_without_an_id_is_called_by_its_line() -> None:
    found = checked("qa", '\n{"prompt": "a"}\n\n{"prompt": "b", "id": 17}\n{"prompt": "c", "id": "c c"}')
    assert [(each.key, each.line) for each in found.samples] == [("2", 2), ("17", 4), ("c c", 5)]


def test_repeated_ids_are_named_with_both_lines() -> None:
    assert refused(
        "qa", lines({"id": "a", "prompt": "1"}, {"id": "b", "prompt": "2"}, {"id": "a", "prompt": "3"})
    ) == ["line 3, field id: the id “a” stands on line 1 already; ids must be unique"]
    assert refused("qa", lines({"id": "2", "prompt": "1"}, {"prompt": "2"})) == [
        "line 2, field id: the id “2” stands on line 1 already; ids must be unique"
    ]


@pytest.mark.parametrize(
    ("row_id", "words"),
    [
        ("", "must be a text"),
        (True, "must be a text"),
        (1.5, "must be a text"),
        (["a"], "must be a text"),
        ("a" * 201, "201 characters; at most 200"),
        ("a\nb", "cannot be printed"),
        ("a\u202eb", "cannot be printed"),
    ],
)
def test_an_id_that_cannot_be_one_is_refused(row_id: object, words: str) -> None:
    (problem,) = refused("qa", lines({"id": row_id, "prompt": "x"}))
    assert problem.startswith("line 1, field id: ")
    assert words in problem


def test_every_problem_of_every_line_is_named_in_order() -> None:
    data = '{"promt": "x"}\n{"prompt": 7, "reference": []}\nnot json\n{"prompt": ""}\n{"prompt": "good"}'
    problems = refused("qa", data)
    assert [problem.split(":")[0] for problem in problems] == [
        "line 1, field promt",
        "line 1, field prompt",
        "line 2, field prompt",
        "line 2, field reference",
        "line 3, column 1",
        "line 4, field prompt",
    ]
    assert "did you mean “prompt”?" in problems[0]


def test_a_list_in_a_csv_cell_is_held_to_the_same_rules_as_json() -> None:
    (problem,) = refused("chat", 'turns\n"[""a\\u0000""]"\n', "t.csv")
    assert problem.startswith("line 2, field turns: ")
    assert "NUL" in problem


@pytest.mark.parametrize(
    ("kind", "outputs", "field", "words"),
    [
        ("qa", ["x"], "outputs", "expected an object"),
        ("qa", "{", "outputs", "not JSON"),
        ("qa", {"a": 1}, "outputs.a", "expected a text, found a number"),
        ("qa", {"a": ["x"]}, "outputs.a", "expected a text, found a list"),
        ("qa", {" a": "x"}, "outputs. a", "begin or end with a space"),
        ("qa", {"": "x"}, "outputs.", "must not be empty"),
        ("qa", {"a\u200bb": "x"}, "outputs.a�b", "cannot be printed"),
        ("qa", {"a" * 201: "x"}, f"outputs.{'a' * 60}…", "at most 200"),
        ("chat", {"a": "x"}, "outputs.a", "a list of texts"),
        ("chat", {"a": ["x"]}, "outputs.a", "1 replies to 2 turns"),
        ("chat", {"a": ["x", 2]}, "outputs.a", "a list of texts"),
    ],
)
def test_outputs_that_cannot_be_taken_are_named_by_system(
    kind: str, outputs: object, field: str, words: str
) -> None:
    fields = {"turns": ["1", "2"]} if kind == "chat" else {"prompt": "x"}
    (problem,) = refused(kind, lines(fields | {"outputs": outputs}))
    assert problem.startswith("line 1, ")
    assert f"field {field}: " in problem
    assert words in problem


def test_an_output_given_twice_is_refused() -> None:
    (problem,) = refused("qa", 'prompt,outputs,outputs.a\nx,"{""a"": ""1""}",2\n', "t.csv")
    assert problem.startswith("line 2, field outputs.a: ")


def test_null_and_an_empty_cell_mean_that_a_system_gave_nothing() -> None:
    found = checked("qa", lines({"prompt": "x", "outputs": {"a": None, "b": ""}}))
    assert [each.outputs for each in found.samples] == [{"b": ""}]
    found = checked("qa", "prompt,outputs.a,outputs.b\nx,,1\ny,2,\n", "t.csv")
    assert [each.outputs for each in found.samples] == [{"b": "1"}, {"a": "2"}]
    assert found.systems == ("b", "a")


def test_labels_of_the_whole_set_are_settled_into_every_sample() -> None:
    found = checked("classify", "text,label\nx,late\ny,broken\n", "t.csv")
    assert [each.payload for each in found.samples] == [
        {"text": "x", "label": "late", "labels": ["broken", "late"]},
        {"text": "y", "label": "broken", "labels": ["broken", "late"]},
    ]


def test_a_picture_stands_in_the_payload_by_its_checksum() -> None:
    rows = lines(
        {"id": "1", "image": "a.png"}, {"id": "2", "image": "./a.png"}, {"id": "3", "image": "b.png"}
    )
    found = checked(
        "caption",
        zipped({"t.jsonl": rows.encode(), "a.png": picture(), "b.png": picture(), "left over.txt": b""}),
    )
    (kept,) = found.pictures
    expected = {"image": {"sha256": kept.sha256, "media_type": "image/png", "width": 6, "height": 4}}
    assert [each.payload for each in found.samples] == [expected] * 3
    assert found.unused_files == ("left over.txt",)


def test_pictures_that_are_missing_broken_or_outside_a_zip_are_named() -> None:
    rows = lines(
        {"image": "none.png"}, {"image": "broken.png"}, {"image": "drawn.png"}, {"image": "../t.jsonl.png"}
    )
    files = {"t.jsonl": rows.encode(), "broken.png": b"no", "drawn.png": b"<svg/>"}
    assert refused("caption", zipped(files), "t.zip") == [
        "line 1, field image: “none.png”: the zip holds no file of this name; add it, or mend the name",
        "line 2, field image: “broken.png”: it cannot be decoded as PNG, JPEG, WebP or GIF; export it anew",
        "line 3, field image: “drawn.png”: SVG is not taken; export it as PNG",
        "line 4, field image: “../t.jsonl.png”: the zip holds no file of this name; add it, or mend the name",
    ]
    assert refused("caption", lines({"image": "a.png"})) == [
        "line 1, field image: “a.png”: pictures come in a zip: put this file and its pictures into one"
    ]


def test_a_hopeless_file_is_given_up_after_so_many_problems() -> None:
    problems = refused("qa", lines(*[{"x": 1}] * 9), limits=Limits(problems=4))
    assert [problem.split(",")[0].split(":")[0] for problem in problems] == [
        "line 1", "line 1", "line 2", "line 2", "line 3",
    ]  # fmt: skip
    assert "more than 4 problems" in problems[-1]
