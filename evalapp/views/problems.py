"""How many of a refused file's problems a page lists."""

from evalapp.problems import FileRefused

PROBLEMS_SHOWN = 200


def problems_shown(refused: FileRefused) -> dict[str, object]:
    """What ``_fragments/problems.html`` takes: the first problems, and how ``more`` are not listed."""
    return {
        "problems": refused.problems[:PROBLEMS_SHOWN],
        "more": max(0, len(refused.problems) - PROBLEMS_SHOWN),
    }
