"""Raters, who they are (kept apart, so that it can be erased), and the links that invite them."""

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from raters.models.studies import Study


def opaque_token() -> str:
    """128 random bits for an address; nothing about order or time can be read from it."""
    return secrets.token_urlsafe(16)


class RaterState(models.TextChoices):
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    LEFT = "left", "Left"


class Rater(models.Model):
    """A person in one study, known by a pseudonym. ``token`` is the address of the rater's own page."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="raters")
    token = models.CharField(max_length=40, unique=True, default=opaque_token)
    pseudonym = models.CharField(max_length=40)
    state = models.CharField(max_length=20, choices=RaterState, default=RaterState.ACTIVE)
    simulated = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["study_id", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "pseudonym"], name="rater_pseudonym_unique_in_study"),
            models.CheckConstraint(condition=Q(state__in=RaterState.values), name="rater_state_known"),
        ]

    def __str__(self) -> str:
        return self.pseudonym


class RaterIdentity(models.Model):
    """Who a rater is. Erasing a rater deletes this row and keeps the judgments."""

    rater = models.OneToOneField(Rater, on_delete=models.CASCADE, related_name="identity")
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)

    def __str__(self) -> str:
        return f"identity of {self.rater_id}"


class Invitation(models.Model):
    """A one-time link into one study; only the hash of its 128-bit token is stored."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    rater = models.ForeignKey(Rater, null=True, on_delete=models.SET_NULL, related_name="invitations")

    class Meta:
        ordering: ClassVar = ["study_id", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(rater__isnull=False), name="invitation_used_by_a_rater"
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"
