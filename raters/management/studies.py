"""Finding the study that a command names."""

from django.core.management.base import CommandError

from raters.models import Study


def study_named(name: str) -> Study:
    """The study of this name, or else of this number. Raises ``CommandError`` listing all studies."""
    study = Study.objects.filter(name=name).first()
    if study is None and name.isdecimal():
        study = Study.objects.filter(pk=int(name)).first()
    if study is None:
        known = ", ".join(f"“{each}”" for each in Study.objects.values_list("name", flat=True)) or "none yet"
        raise CommandError(f"There is no study “{name}”. Studies: {known}.")
    return study
