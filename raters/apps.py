from django.apps import AppConfig


class RatersConfig(AppConfig):
    """The human side."""

    name = "raters"
    verbose_name = "Studies and raters"
