"""Who is asked, and at what price: endpoints, models, their prices, and the systems compared."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class ProviderName(models.TextChoices):
    """How an endpoint is spoken to."""

    OPENAI_COMPATIBLE = "openai_compatible", "OpenAI-compatible HTTP"
    SIMULATED = "simulated", "Simulated in this process"
    RECORDED = "recorded", "Replayed from a recording"


class Endpoint(models.Model):
    """A place where models are served. Its key is read from the variable ``api_key_env`` and never stored."""

    name = models.CharField(max_length=100, unique=True)
    provider = models.CharField(max_length=20, choices=ProviderName)
    base_url = models.CharField(max_length=500, blank=True)
    api_key_env = models.CharField(max_length=100, blank=True)
    options = models.JSONField(default=dict)
    recording = models.TextField(blank=True)
    timeout_s = models.FloatField(default=120.0)
    concurrency = models.PositiveIntegerField(null=True)
    requests_per_minute = models.PositiveIntegerField(null=True)
    tokens_per_minute = models.PositiveIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(provider__in=ProviderName.values), name="endpoint_provider_known"
            ),
            models.CheckConstraint(
                condition=~Q(provider=ProviderName.OPENAI_COMPATIBLE) | ~Q(base_url=""),
                name="endpoint_over_http_has_address",
            ),
            models.CheckConstraint(condition=Q(timeout_s__gt=0), name="endpoint_timeout_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class LanguageModel(models.Model):
    """A model as its endpoint names it. ``context_tokens``: the longest input it takes, if known."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="language_models")
    name = models.CharField(max_length=200)
    context_tokens = models.PositiveIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["endpoint__name", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["endpoint", "name"], name="model_name_unique_at_endpoint"),
        ]

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """USD per million tokens, in force from the day ``valid_from`` (UTC) until the model's next price.

    ``batch_discount``: the share that is taken off where the endpoint answers in batches, later; 0.5 is half.
    """

    model = models.ForeignKey(LanguageModel, on_delete=models.PROTECT, related_name="prices")
    input_usd_per_mtok = models.DecimalField(max_digits=14, decimal_places=6)
    cached_input_usd_per_mtok = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    output_usd_per_mtok = models.DecimalField(max_digits=14, decimal_places=6)
    batch_discount = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    valid_from = models.DateField()
    source_url = models.CharField(max_length=500)
    checked_on = models.DateField()

    class Meta:
        ordering: ClassVar = ["model_id", "-valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model", "valid_from"], name="price_begins_once"),
            models.CheckConstraint(
                condition=Q(input_usd_per_mtok__gte=0)
                & Q(output_usd_per_mtok__gte=0)
                & (Q(cached_input_usd_per_mtok__isnull=True) | Q(cached_input_usd_per_mtok__gte=0)),
                name="price_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(batch_discount__isnull=True) | Q(batch_discount__gte=0, batch_discount__lte=1),
                name="price_batch_discount_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} from {self.valid_from:%Y-%m-%d}"


class System(models.Model):
    """What is compared: a model with its prompt and parameters, and the model it may fall back to.

    ``model`` is empty when the outputs were made elsewhere and came with the task file.
    """

    name = models.CharField(max_length=200, unique=True)
    model = models.ForeignKey(LanguageModel, null=True, on_delete=models.PROTECT, related_name="systems")
    system_prompt = models.TextField(blank=True)
    temperature = models.FloatField(null=True)
    top_p = models.FloatField(null=True)
    max_tokens = models.PositiveIntegerField(null=True)
    seed = models.BigIntegerField(null=True)
    stop = models.JSONField(default=list)
    fallback_model = models.ForeignKey(
        LanguageModel, null=True, on_delete=models.PROTECT, related_name="systems_falling_back"
    )
    fallback_rule = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(fallback_model__isnull=True, fallback_rule__isnull=True)
                | Q(fallback_model__isnull=False, fallback_rule__isnull=False, model__isnull=False),
                name="system_fallback_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.name
