"""Why a seat is not given or a judgment is not taken.

RatingError
├── StudyClosed        the study takes no more judgments
├── RaterLeft          the rater has left the study
├── LeaseUnknown       no seat of this study was ever leased under this token
├── AnswersRefused     an answer is missing, not a choice, or to a criterion that is not asked
├── SkipRefused        no reason was given
└── NotCorrectable     only the rater's latest judgment can be changed, and for a while
"""


class RatingError(Exception):
    """Raised before anything is written."""


class StudyClosed(RatingError):
    """Raised for a judgment that comes after closing; nothing can be added to a closed study."""


class RaterLeft(RatingError):
    """Raised when the rater was removed or has left."""


class LeaseUnknown(RatingError):
    """Raised when the token fits no seat of the rater's study."""


class AnswersRefused(RatingError):
    """Raised with the criteria that lack a valid answer."""

    def __init__(self, *criteria: str) -> None:
        super().__init__(f"no valid answer to: {', '.join(criteria)}")
        self.criteria = criteria


class SkipRefused(RatingError):
    """Raised when a comparison is passed on without one of the reasons there are."""


class NotCorrectable(RatingError):
    """Raised when another judgment came since, none was given under this lease, or it was long ago."""
