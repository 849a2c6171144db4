"""What can be downloaded of a study whose results are open."""

from dataclasses import dataclass

from raters.models import Study
from raters.models.studies import StudyState


@dataclass(frozen=True, slots=True)
class Offer:
    """A file, the name of its address, and what it holds."""

    file: str
    url_name: str
    holds: str


OFFERS = (
    Offer(
        "bundle.zip",
        "reports:bundle",
        "Everything: rows, request log, protocol, report, charts, and the checksums of all files",
    ),
    Offer("ratings.csv", "reports:ratings", "One row per judgment and criterion, as shown and as resolved"),
    Offer(
        "votes.csv", "reports:votes", "One row per comparison and criterion: the vote vector and the majority"
    ),
    Offer(
        "raters.csv", "reports:raters", "One row per rater: judgments, agreement with the others, side, time"
    ),
    Offer("report.html", "reports:html", "This report in one file that needs nothing else"),
    Offer("report.json", "reports:json", "Every figure of this report with interval, level and method"),
)
TRAINING = Offer(
    "training.zip",
    "reports:training",
    "The outputs that raters agreed to prefer, as fine-tuning lines and preference pairs, with their votes",
)


def offers_of(study: Study) -> tuple[Offer, ...]:
    """What the study offers; training data only once no vote can come any more."""
    return (*OFFERS, TRAINING) if study.state == StudyState.CLOSED else OFFERS
