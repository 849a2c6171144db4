"""What the systems are asked: an uploaded, checksummed, immutable set of inputs of one kind."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Kind(models.TextChoices):
    """The six task kinds; each is one file in ``evalapp/kinds``."""

    QA = "qa", "Short questions"
    SUMMARIZE = "summarize", "Document summaries"
    CODE = "code", "Code with unit tests"
    CAPTION = "caption", "Image captions"
    CLASSIFY = "classify", "Intent classification"
    CHAT = "chat", "Conversations"


class TaskSet(models.Model):
    """One imported task file. ``checksum`` is the SHA-256 of the uploaded bytes, in hex."""

    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=20, choices=Kind)
    checksum = models.CharField(max_length=64)
    sample_count = models.PositiveIntegerField()
    source_name = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="task_sets"
    )

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="task_set_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Sample(models.Model):
    """One input. ``key`` is its id in the task file; ``payload`` holds the checked fields of its kind."""

    task_set = models.ForeignKey(TaskSet, on_delete=models.CASCADE, related_name="samples")
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=200)
    payload = models.JSONField()

    class Meta:
        ordering: ClassVar = ["task_set_id", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task_set", "key"], name="sample_key_unique_in_task_set"),
            models.UniqueConstraint(
                fields=["task_set", "position"], name="sample_position_unique_in_task_set"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Image(models.Model):
    """A picture that samples show, decoded under limits and encoded anew, so that no metadata is left in it.

    It lives in the database because workers on other machines need it too. ``sha256`` is of ``data``.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    media_type = models.CharField(max_length=40)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.media_type} {self.width}×{self.height}"
