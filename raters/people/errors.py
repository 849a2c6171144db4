"""Why a link lets no one in."""

from enum import StrEnum


class LinkProblem(StrEnum):
    """``used``: another browser has joined with it. ``closed``: the study takes no more judgments."""

    UNKNOWN = "unknown"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"
    CLOSED = "closed"


class LinkRefused(Exception):
    """Raised when a link is not good any more, or never was; nothing was changed."""

    def __init__(self, problem: LinkProblem) -> None:
        super().__init__(f"the link is {problem}")
        self.problem = problem
