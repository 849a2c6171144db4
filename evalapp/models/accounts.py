"""People who sign in: organisers and researchers. Raters are not accounts; they live on the human side."""

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q


class Role(models.TextChoices):
    """What an account may do. An organiser may do all that a researcher may."""

    ORGANISER = "organiser", "Organiser"
    RESEARCHER = "researcher", "Researcher"


class Account(AbstractBaseUser):
    """A person with a name, a role and, once they have chosen one, a password."""

    username = models.CharField(max_length=150, unique=True)
    role = models.CharField(max_length=20, choices=Role)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BaseUserManager["Account"]()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["role"]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="account_role_known"),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def is_organiser(self) -> bool:
        """May upload, run, open and close."""
        return self.role == Role.ORGANISER


class SignInLink(models.Model):
    """A one-time address that signs an account in; only the hash of its 128-bit token is stored."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sign_in_links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sign-in link of {self.account_id}"
