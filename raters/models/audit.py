"""What organisers did with a study, in order; insert-only, each row sealed to the one before."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from raters.models.studies import Study


class AuditEvent(models.Model):
    """One act. ``seal`` is the SHA-256 (hex) over the event and the seal before it in the same study."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=60)
    detail = models.JSONField(default=dict)
    previous_seal = models.CharField(max_length=64, blank=True)
    seal = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["study_id", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "previous_seal"], name="audit_chain_does_not_fork"),
        ]

    def __str__(self) -> str:
        return f"{self.action} at {self.at:%Y-%m-%d %H:%M}"
