"""A zip with one task file and the pictures it names, opened without trusting anything it says of itself."""

import io
import posixpath
import zipfile
import zlib

from evalapp.problems import FileRefused, Problem
from evalapp.tasksets.limits import Limits
from evalapp.tasksets.strict_json import shown

TASK_FILE_ENDINGS = (".jsonl", ".ndjson", ".csv")
PLAIN_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
ENCRYPTED = 0x1
LITTER_NAMES = {".DS_Store", "Thumbs.db", "desktop.ini"}


class EntryRefused(ValueError):
    """Raised when one entry cannot be read within the limits; the message says why."""


class Archive:
    """Reads entries by name; nothing is ever written to a disk, so a name can lead nowhere.

    What an entry inflates to is counted while it inflates; the sizes in the directory are not believed.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        self._left_bytes = limits.inflated_bytes
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            raise FileRefused([Problem(f"the zip cannot be opened ({error}); make it anew")]) from None
        entries = [
            entry for entry in self._zip.infolist() if not entry.is_dir() and not _litter(entry.filename)
        ]
        if len(entries) > limits.zip_entries:
            message = f"the zip holds {len(entries):,} files; at most {limits.zip_entries:,} are taken"
            raise FileRefused([Problem(message)])
        self._entries = {entry.filename: entry for entry in entries}
        if len(self._entries) != len(entries):
            raise FileRefused([Problem("two files in the zip have one name; make the zip anew")])
        self.task_file = self._find_task_file()

    @property
    def picture_names(self) -> frozenset[str]:
        """Every file beside the task file."""
        return frozenset(self._entries) - {self.task_file}

    def full_name(self, name: str) -> str | None:
        """The entry a row means by ``name``: relative to the task file, or counted from the zip's top."""
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(self.task_file), name))
        return next((each for each in (beside, name) if each in self.picture_names), None)

    def read(self, name: str, most_bytes: int) -> bytes:
        """One entry, inflated; raises ``EntryRefused`` beyond ``most_bytes`` or what the zip has left."""
        entry = self._entries[name]
        if entry.flag_bits & ENCRYPTED:
            raise EntryRefused("it is encrypted; make the zip without a password")
        if entry.compress_type not in PLAIN_METHODS:
            raise EntryRefused("its compression is not supported; make an ordinary zip")
        most = min(most_bytes, self._left_bytes)
        try:
            with self._zip.open(entry) as stream:
                content = stream.read(most + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise EntryRefused(f"it cannot be read ({error}); make the zip anew") from None
        if len(content) > most:
            raise EntryRefused(f"it is larger than the {most:,} bytes that are left for it")
        self._left_bytes -= len(content)
        return content

    def read_task_file(self) -> bytes:
        try:
            return self.read(self.task_file, self._limits.file_bytes)
        except EntryRefused as error:
            raise FileRefused([Problem(f"“{shown(self.task_file)}” in the zip: {error}")]) from None

    def _find_task_file(self) -> str:
        found = sorted(name for name in self._entries if name.lower().endswith(TASK_FILE_ENDINGS))
        if len(found) == 1:
            return found[0]
        names = ", ".join(shown(name) for name in found[:5]) or "none"
        raise FileRefused([Problem(f"the zip must hold exactly one .jsonl or .csv file; found: {names}")])


def _litter(name: str) -> bool:
    """Files that a desktop adds to a zip by itself."""
    return name.startswith("__MACOSX/") or posixpath.basename(name) in LITTER_NAMES
