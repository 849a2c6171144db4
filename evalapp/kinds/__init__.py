"""The task kinds by name."""

from __future__ import annotations

from .base import TaskKind
from .qa import QuestionAnswering

KINDS: dict[str, TaskKind] = {kind.name: kind for kind in (QuestionAnswering(),)}
