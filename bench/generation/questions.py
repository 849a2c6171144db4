"""The prompts of the bench: of everyday length, no two alike, so that none is answered from the cache."""

FILLING = "Say in a few sentences what one should know about it, and give an example where that helps. " * 3


def question(series: str, number: int) -> str:
    """The prompt with this number."""
    return f"Question {number} of {series}. {FILLING}"
