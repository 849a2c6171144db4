"""The task kinds by name."""

from __future__ import annotations

from .base import TaskKind
from .caption import Caption
from .chat import Chat
from .classify import Classify
from .code import Code
from .qa import QuestionAnswering
from .summarize import Summarize

KINDS: dict[str, TaskKind] = {
    "qa": QuestionAnswering(),
    "summarize": Summarize(),
    "code": Code(),
    "caption": Caption(),
    "classify": Classify(),
    "chat": Chat(),
}
