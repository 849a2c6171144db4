"""The machine side's tables, in the order in which the data passes through them."""

from evalapp.models.accounts import Account, SignInLink
from evalapp.models.generation import ApiCall, Generation, Run
from evalapp.models.registry import Endpoint, LanguageModel, Price, System
from evalapp.models.tasksets import Image, Kind, Sample, TaskSet

__all__ = [
    "Account",
    "ApiCall",
    "Endpoint",
    "Generation",
    "Image",
    "Kind",
    "LanguageModel",
    "Price",
    "Run",
    "Sample",
    "SignInLink",
    "System",
    "TaskSet",
]
