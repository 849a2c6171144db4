"""Checking a bundle: its checksums, and whether its computed files come out of its rows again."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evalapp.reports.bundle import GIVEN, SUMS, computed_files, file_sha256, read_rows
from evalapp.reports.csvfile import FileProblem

SUM_LINE = re.compile(r"(?P<sum>[0-9a-f]{64}) [ *](?P<name>\S.*)")


@dataclass(frozen=True, slots=True)
class Verification:
    """What came out. `pictures_differ` are PNG files, whose bytes depend on the fonts of the machine."""

    verified: tuple[str, ...]
    wrong: tuple[str, ...]
    missing: tuple[str, ...]
    unlisted: tuple[str, ...]
    identical: tuple[str, ...]
    different: tuple[str, ...]
    pictures_differ: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong, missing, added or different."""
        return not (self.wrong or self.missing or self.unlisted or self.different)

    def problems(self) -> list[str]:
        """A line for everything that is not as it should be."""
        return [
            *(f"{name}: its checksum is not the one in {SUMS}" for name in self.wrong),
            *(f"{name}: is missing" for name in self.missing),
            *(f"{name}: is not listed in {SUMS}" for name in self.unlisted),
            *(f"{name}: recomputing it from the rows gives another content" for name in self.different),
        ]

    def figures(self) -> dict[str, object]:
        """The outcome as plain values."""
        return {
            "holds": self.holds,
            "checksums": {
                "verified": list(self.verified),
                "wrong": list(self.wrong),
                "missing": list(self.missing),
                "unlisted": list(self.unlisted),
            },
            "recomputed": {
                "identical": list(self.identical),
                "different": list(self.different),
                "pictures_differ": list(self.pictures_differ),
            },
        }


def verify(bundle: Path, output: Path) -> Verification:
    """Recompute a bundle (zip or folder) into a folder, and compare it with what the bundle holds.

    Raises FileProblem when it cannot be read.
    """
    with opened(bundle) as folder:
        for name in GIVEN:
            if not (folder / name).is_file():
                raise FileProblem(bundle, f"is not a bundle: {name} is missing")
        listed = _listed(folder, bundle)
        present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {
            SUMS
        }
        wrong = [name for name in sorted(present & {*listed}) if file_sha256(folder / name) != listed[name]]
        computed = computed_files(read_rows(folder))
        differing = [
            name
            for name, content in computed.items()
            if name in present and (folder / name).read_bytes() != content
        ]
        pictures = [name for name in differing if name.endswith(".png")]
        _write(output, computed)
        return Verification(
            verified=tuple(sorted((present & {*listed}) - {*wrong})),
            wrong=tuple(wrong),
            missing=tuple(sorted(({*listed} | {*computed}) - present)),
            unlisted=tuple(sorted(present - {*listed})),
            identical=tuple(sorted(({*computed} & present) - {*differing})),
            different=tuple(sorted({*differing} - {*pictures})),
            pictures_differ=tuple(sorted(pictures)),
        )


@contextmanager
def opened(bundle: Path) -> Iterator[Path]:
    """A folder with the bundle's files. A zip is unpacked into a temporary folder; names must stay inside
    it."""
    if bundle.is_dir():
        yield bundle
        return
    with tempfile.TemporaryDirectory(prefix="bundle-") as name:
        folder = Path(name)
        try:
            with zipfile.ZipFile(bundle) as archive:
                for entry in archive.infolist():
                    _unpack(archive, entry, folder, bundle)
        except zipfile.BadZipFile as error:
            raise FileProblem(bundle, "is not a zip file") from error
        except OSError as error:
            raise FileProblem(bundle, f"cannot be read: {error.strerror or error}") from error
        yield folder


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, bundle: Path) -> None:
    target = (folder / entry.filename).resolve()
    if entry.is_dir():
        return
    if not target.is_relative_to(folder.resolve()):
        raise FileProblem(bundle, f"holds a file that would lie outside: {entry.filename!r}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)


def _listed(folder: Path, bundle: Path) -> dict[str, str]:
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileProblem(bundle, f"is not a bundle: {SUMS} cannot be read") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        matched = SUM_LINE.fullmatch(line)
        if not matched:
            raise FileProblem(folder / SUMS, "is not a checksum and a name", line=number)
        found[matched["name"]] = matched["sum"]
    return found


def _write(output: Path, computed: Mapping[str, bytes]) -> None:
    for name, content in computed.items():
        path = output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
