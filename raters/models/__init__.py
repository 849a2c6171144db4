"""The human side's tables: what is judged, by whom, and what they said."""

from raters.models.audit import AuditEvent
from raters.models.people import Invitation, Rater, RaterIdentity
from raters.models.reports import ReportFile, StoredReport
from raters.models.seats import Answer, Judgment, RaterCursor, Seat, Skip
from raters.models.studies import Comparison, Study, StudyArm

__all__ = [
    "Answer",
    "AuditEvent",
    "Comparison",
    "Invitation",
    "Judgment",
    "Rater",
    "RaterCursor",
    "RaterIdentity",
    "ReportFile",
    "Seat",
    "Skip",
    "StoredReport",
    "Study",
    "StudyArm",
]
