"""Captions: the picture is in the request, within limits, at the detail that was set."""

from __future__ import annotations

import pytest

from evalapp.kinds import KINDS
from evalapp.kinds.base import Settings
from evalapp.kinds.caption import MAX_IMAGE_BYTES
from evalapp.providers.errors import RequestRefused
from evalapp.providers.messages import ImagePart, Message, TextPart
from tests.kinds.asking import Model, answers, outcomes

PAYLOAD = {"image": {"sha256": "00", "media_type": "image/png"}, "image_bytes": b"\x89PNG"}


def test_prompt_and_picture_are_one_message() -> None:
    model = Model("A cat.")
    answer = answers(
        "caption", [PAYLOAD | {"prompt": "What is it?"}], model, Settings(model="small", image_detail="high")
    )[0]
    assert (answer.output, answer.detail) == ("A cat.", {"image_detail": "high"})
    assert model.asked[0].messages == (
        Message("user", (TextPart("What is it?"), ImagePart(b"\x89PNG", "image/png", "high"))),
    )


def test_without_a_prompt_one_sentence_is_asked_for() -> None:
    model = Model("A cat.")
    answers("caption", [PAYLOAD], model)
    assert model.asked[0].messages[0].text == "Describe this picture in one sentence."


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (PAYLOAD | {"image": {"media_type": "image/svg+xml"}}, "type image/svg+xml"),
        (PAYLOAD | {"image_bytes": b"x" * (MAX_IMAGE_BYTES + 1)}, "20000001 bytes"),
    ],
)
def test_a_picture_that_cannot_be_sent_costs_nothing(payload: dict[str, object], words: str) -> None:
    model = Model("A cat.")
    outcome = outcomes("caption", [payload], model)[0]
    assert isinstance(outcome, RequestRefused)
    assert words in outcome.message
    assert (model.asked, outcome.may_be_billed) == ([], False)


def test_a_payload_whose_picture_was_never_fetched_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError, match="image_bytes"):
        outcomes("caption", [{"image": {"media_type": "image/png"}}], Model("A cat."))


def test_captions_have_no_check_but_people() -> None:
    assert KINDS["caption"].objective(PAYLOAD, "A cat.") is None
