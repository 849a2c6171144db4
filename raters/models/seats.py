"""Seats, and the judgments given from them. Judgments and answers are insert-only in the database."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from raters.models.people import Rater, opaque_token
from raters.models.studies import Comparison, Study


class SeatState(models.TextChoices):
    OPEN = "open", "Open"
    LEASED = "leased", "Leased"
    JUDGED = "judged", "Judged"


class Side(models.TextChoices):
    """Which of a comparison's two outputs stands on the left."""

    A = "a", "A on the left"
    B = "b", "B on the left"


class Seat(models.Model):
    """One of a comparison's places for a rater; its side is drawn when the study opens and never changes.

    ``place`` is the seat's position in the study's queue of its side; a seat that comes back gets a fresh
    place at the tail. ``token`` names the seat in addresses of pictures. ``lease_token`` is the idempotency
    key of the judgment to come.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="seats")
    # Two of the constraints below begin with the comparison, and nobody looks up all seats of a rater in
    # haste; every index more would be paid for at each claim.
    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="seats", db_index=False)
    number = models.PositiveSmallIntegerField()
    shown_left = models.CharField(max_length=1, choices=Side)
    place = models.BigIntegerField()
    state = models.CharField(max_length=20, choices=SeatState, default=SeatState.OPEN)
    token = models.CharField(max_length=40, default=opaque_token)
    rater = models.ForeignKey(
        Rater, null=True, on_delete=models.PROTECT, related_name="seats", db_index=False
    )
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["comparison_id", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["token"], name="seat_token_unique"),
            models.UniqueConstraint(fields=["comparison", "number"], name="seat_number_unique_in_comparison"),
            models.UniqueConstraint(fields=["comparison", "rater"], name="seat_one_per_rater_and_comparison"),
            models.CheckConstraint(condition=Q(shown_left__in=Side.values), name="seat_side_known"),
            models.CheckConstraint(
                condition=Q(
                    state=SeatState.OPEN,
                    rater__isnull=True,
                    lease_token__isnull=True,
                    lease_until__isnull=True,
                )
                | Q(
                    state=SeatState.LEASED,
                    rater__isnull=False,
                    lease_token__isnull=False,
                    lease_until__isnull=False,
                )
                | Q(
                    state=SeatState.JUDGED,
                    rater__isnull=False,
                    lease_token__isnull=False,
                    lease_until__isnull=True,
                ),
                name="seat_state_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                F("study"), F("shown_left"), F("place"), name="seat_queue", condition=Q(state=SeatState.OPEN)
            ),
            models.Index(F("lease_until"), name="seat_leased", condition=Q(state=SeatState.LEASED)),
        ]

    def __str__(self) -> str:
        return f"{self.comparison_id}#{self.number}"


class RaterCursor(models.Model):
    """How far a rater has walked in each side's queue, which seat is held, and which sides come next.

    ``sides`` is what is left of the rater's permuted block of sides, for instance ``"ba"``. ``judged``
    counts the seats the rater has judged, so that the page's progress costs no counting.
    """

    rater = models.OneToOneField(Rater, primary_key=True, on_delete=models.CASCADE, related_name="cursor")
    place_a = models.BigIntegerField(default=0)
    place_b = models.BigIntegerField(default=0)
    sides = models.CharField(max_length=8, blank=True)
    judged = models.PositiveIntegerField(default=0)
    held_seat = models.ForeignKey(Seat, null=True, on_delete=models.SET_NULL, related_name="held_by")

    def __str__(self) -> str:
        return f"cursor of {self.rater_id}"


class JudgmentStatus(models.TextChoices):
    """``surplus``: given after the seat had gone to another rater; kept, never counted."""

    COUNTED = "counted", "Counted"
    SURPLUS = "surplus", "Surplus"


class Judgment(models.Model):
    """What a rater submitted, as shown. A correction is a new row with the next ``revision``."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="judgments")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="judgments")
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="judgments")
    status = models.CharField(max_length=20, choices=JudgmentStatus)
    revision = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField()
    comment = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    first_action_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(default=timezone.now)
    active_ms = models.PositiveIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["study_id", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lease_token", "revision"], name="judgment_once_per_lease"),
            models.UniqueConstraint(
                fields=["seat", "revision"],
                condition=Q(status=JudgmentStatus.COUNTED),
                name="judgment_one_counted_per_seat",
            ),
            models.CheckConstraint(
                condition=Q(status__in=JudgmentStatus.values), name="judgment_status_known"
            ),
        ]

    def __str__(self) -> str:
        return f"judgment {self.pk}"


class Choice(models.TextChoices):
    LEFT = "left", "Left is better"
    RIGHT = "right", "Right is better"
    TIE = "tie", "Equally good"
    BOTH_BAD = "both_bad", "Both are bad"


class Answer(models.Model):
    """The answer to one criterion of a judgment."""

    judgment = models.ForeignKey(Judgment, on_delete=models.PROTECT, related_name="answers")
    criterion = models.CharField(max_length=40)
    choice_shown = models.CharField(max_length=10, choices=Choice)
    strength = models.PositiveSmallIntegerField(null=True)
    score_left = models.PositiveSmallIntegerField(null=True)
    score_right = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["judgment_id", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["judgment", "criterion"], name="answer_one_per_criterion"),
            models.CheckConstraint(condition=Q(choice_shown__in=Choice.values), name="answer_choice_known"),
            models.CheckConstraint(
                condition=Q(strength__isnull=True) | Q(strength__gte=1, strength__lte=3),
                name="answer_strength_in_scale",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.choice_shown}"


class SkipReason(models.TextChoices):
    """The last two are problems for the organiser to look at."""

    CANNOT_JUDGE = "cannot_judge", "Could not judge it"
    UNCLEAR = "unclear", "The task is unclear"
    BROKEN = "broken", "Problem: something is missing or shown wrongly"
    OFFENSIVE = "offensive", "Problem: offensive or harmful"


class Skip(models.Model):
    """A comparison that a rater passed on, and why; its seat went back to the others. Insert-only."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="skips")
    # The unique constraint begins with the comparison.
    comparison = models.ForeignKey(Comparison, on_delete=models.PROTECT, related_name="skips", db_index=False)
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="skips")
    reason = models.CharField(max_length=20, choices=SkipReason)
    note = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["study_id", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["comparison", "rater"], name="skip_once_per_rater"),
            models.CheckConstraint(condition=Q(reason__in=SkipReason.values), name="skip_reason_known"),
        ]

    def __str__(self) -> str:
        return f"{self.rater_id} passed on {self.comparison_id}"
