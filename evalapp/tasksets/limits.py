"""How large a task file and its parts may be."""

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one upload: ``characters`` per text, ``fields`` per row, ``depth`` of lists and objects."""

    file_bytes: int = 64 * MEBIBYTE
    rows: int = 500_000
    fields: int = 256
    characters: int = 4_000_000
    depth: int = 8
    zip_entries: int = 5_000
    inflated_bytes: int = 512 * MEBIBYTE
    picture_bytes: int = 20_000_000
    picture_pixels: int = 40_000_000
    problems: int = 10_000


DEFAULT_LIMITS = Limits()
