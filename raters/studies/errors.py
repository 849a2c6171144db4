"""Why a study cannot be opened, or changed as asked.

StudyError
├── ProtocolRefused     settings that make no study; each problem names its field
├── RunsRefused         runs that cannot be compared as they are; each problem names the run and the remedy
├── NameTaken           another study has this name
└── StateRefused        the study is not in the state that the act needs
"""

from dataclasses import dataclass


class StudyError(Exception):
    """Raised before anything is written; ``problems`` are whole sentences for the organiser."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """What is wrong with one setting, and what it may be."""

    field: str
    message: str


class ProtocolRefused(StudyError):
    """Raised when settings are outside what a study can have."""

    def __init__(self, *settings: SettingProblem) -> None:
        super().__init__(*(f"{problem.field}: {problem.message}" for problem in settings))
        self.settings = settings


class RunsRefused(StudyError):
    """Raised when a run is missing, of another task set, or without output for samples not left out."""


class NameTaken(StudyError):
    """Raised when a study of this name exists; nothing was written."""


class StateRefused(StudyError):
    """Raised when a study is, for instance, closed already."""
