"""What can be downloaded of a study whose results are open."""

from dataclasses import dataclass


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
