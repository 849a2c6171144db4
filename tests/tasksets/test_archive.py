"""A zip is opened without believing what it says of itself."""

import struct
import zipfile

import pytest

from evalapp.problems import FileRefused
from evalapp.tasksets.archive import Archive, EntryRefused
from evalapp.tasksets.limits import Limits
from tests.tasksets.zips import zipped

ROW = b'{"image": "a.png"}\n'


def test_the_task_file_is_found_and_desktop_litter_is_not_counted() -> None:
    archive = Archive(
        zipped(
            {
                "set/tasks.jsonl": ROW,
                "set/a.png": b"a",
                "__MACOSX/set/._tasks.jsonl": b"",
                "set/.DS_Store": b"",
            }
        ),
        Limits(),
    )
    assert (archive.task_file, archive.picture_names) == ("set/tasks.jsonl", frozenset({"set/a.png"}))
    assert archive.read_task_file() == ROW


def test_a_picture_is_found_beside_the_task_file_or_from_the_top() -> None:
    archive = Archive(zipped({"set/tasks.jsonl": ROW, "set/a.png": b"a", "b.png": b"b"}), Limits())
    names = [
        "a.png",
        "./a.png",
        "set/a.png",
        "../b.png",
        "b.png",
        "tasks.jsonl",
        "/b.png",
        "../../etc/passwd",
    ]
    assert [archive.full_name(name) for name in names] == [
        "set/a.png", "set/a.png", "set/a.png", "b.png", "b.png", None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.png": b""}, "exactly one .jsonl or .csv file; found: none"),
        ({"a.jsonl": ROW, "b.csv": b"x"}, "found: a.jsonl, b.csv"),
        ({f"{number}.png": b"" for number in range(6)}, "6 files; at most 5"),
    ],
)
def test_a_zip_without_one_clear_task_file_is_refused(files: dict[str, bytes], words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        Archive(zipped(files), Limits(zip_entries=5))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_are_refused() -> None:
    data = zipped({"a.png": b"1", "b.png": b"2", "t.jsonl": ROW}).replace(b"b.png", b"a.png")
    with pytest.raises(FileRefused, match="one name"):
        Archive(data, Limits())


def test_what_an_entry_inflates_to_is_counted_not_believed() -> None:
    bomb = zipped({"t.jsonl": b" " * 5_000_000})
    assert len(bomb) < 10_000
    with pytest.raises(FileRefused, match="larger than the 1,000 bytes"):
        Archive(bomb, Limits(file_bytes=1_000)).read_task_file()
    size = struct.pack("<I", 5_000_000)
    assert size in bomb
    with pytest.raises(FileRefused, match="in the zip: it cannot be read"):
        Archive(bomb.replace(size, struct.pack("<I", 10)), Limits(file_bytes=1_000)).read_task_file()


def test_all_entries_together_stay_within_the_limit() -> None:
    archive = Archive(
        zipped({"t.jsonl": ROW, "a.png": b"a" * 600, "b.png": b"b" * 600}), Limits(inflated_bytes=1_000)
    )
    assert archive.read("a.png", 600) == b"a" * 600
    with pytest.raises(EntryRefused, match="larger than the 400 bytes"):
        archive.read("b.png", 600)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_is_refused(method: int) -> None:
    with pytest.raises(FileRefused, match="compression is not supported"):
        Archive(zipped({"t.jsonl": ROW}, method), Limits()).read_task_file()


def test_an_encrypted_entry_is_refused() -> None:
    data = bytearray(zipped({"t.jsonl": ROW}))
    for signature, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags_at] |= 1
    with pytest.raises(FileRefused, match="without a password"):
        Archive(bytes(data), Limits()).read_task_file()


def test_damaged_content_is_refused() -> None:
    data = bytearray(zipped({"t.jsonl": ROW * 50}))
    data[45] ^= 0xFF
    with pytest.raises(FileRefused, match="cannot be read"):
        Archive(bytes(data), Limits()).read_task_file()
