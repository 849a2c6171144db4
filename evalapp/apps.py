from django.apps import AppConfig


class EvalappConfig(AppConfig):
    """The machine side."""

    name = "evalapp"
    verbose_name = "Task sets, systems and runs"
