"""Who visits the pages."""

import pytest
from django.test import Client

from evalapp import tasks
from evalapp.models import Run
from tests.views.people import signed_in


@pytest.fixture
def olga() -> Client:
    """An organiser's browser."""
    return signed_in()


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that workers were told of, in order; each stood in the database by then."""
    numbers: list[int] = []

    def ring(run_id: int) -> None:
        assert Run.objects.filter(pk=run_id).exists()
        numbers.append(run_id)

    monkeypatch.setattr(tasks, "ring", ring)
    return numbers
