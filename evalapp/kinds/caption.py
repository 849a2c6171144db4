"""Pictures to describe: the image goes into the request itself, size and type checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from evalapp.providers.errors import ProviderError, RequestRefused
from evalapp.providers.messages import Ask, ChatRequest, ImagePart, Message, TextPart

from .base import (
    Field,
    FieldProblem,
    Outcome,
    Payload,
    Reading,
    Settings,
    ask_in_turn,
    plain_answer,
    settled_alone,
    text_of,
)

DEFAULT_PROMPT = "Describe this picture in one sentence."
MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
}
MAX_IMAGE_BYTES = 20_000_000


class Caption:
    """In a file, `image` names a picture beside it in the zip, and `check` keeps that name. Whoever stores
    the picture replaces the name in the payload by {"sha256": hex, "media_type": type}. Whoever calls
    `answer` adds the picture's bytes to each payload under `image_bytes`; they are never stored in one."""

    name = "caption"
    label = "Image captions"
    batch_size = 1
    fields = (
        Field("image", "the file name of a picture in the same zip", type="image file", required=True),
        Field("prompt", f"what to say about the picture; “{DEFAULT_PROMPT}” when left out"),
        Field("reference", "a caption made by a person, shown to nobody who judges"),
    )

    def check(self, record: Mapping[str, object]) -> tuple[dict[str, object] | None, list[FieldProblem]]:
        reading = Reading(record, self.fields)
        reading.take_all()
        reading.text("image")
        name = text_of(reading.payload, "image")
        if name and PurePosixPath(name.lower()).suffix not in MEDIA_TYPES:
            reading.problem("image", f"“{name}” is not a picture we can send; use {', '.join(MEDIA_TYPES)}")
        return reading.result()

    def settle(self, payloads: Sequence[Payload]) -> list[dict[str, object]]:
        return settled_alone(payloads)

    async def answer(self, payloads: Sequence[Payload], settings: Settings, ask: Ask) -> list[Outcome]:
        def request(payload: Payload) -> ChatRequest:
            picture = _picture(payload, settings)
            prompt = TextPart(text_of(payload, "prompt") or DEFAULT_PROMPT)
            return settings.request(Message("user", (prompt, picture)))

        outcomes = [plain_answer(reply) for reply in await ask_in_turn(payloads, request, ask)]
        return [_with_detail(outcome, settings) for outcome in outcomes]

    def objective(self, payload: Payload, output: object) -> Mapping[str, object] | None:
        """None: captions are judged by people only."""
        del payload, output
        return None


def _picture(payload: Payload, settings: Settings) -> ImagePart:
    image, data = payload.get("image"), payload.get("image_bytes")
    if not isinstance(image, Mapping) or not isinstance(data, bytes):
        raise TypeError("a caption payload needs `image` (sha256 and media_type) and `image_bytes` (bytes)")
    media_type = str(image.get("media_type"))
    if media_type not in MEDIA_TYPES.values():
        raise RequestRefused(f"pictures of type {media_type} are not sent; nothing was asked")
    if len(data) > MAX_IMAGE_BYTES:
        raise RequestRefused(
            f"the picture has {len(data)} bytes, at most {MAX_IMAGE_BYTES} are sent; nothing was asked"
        )
    return ImagePart(data=data, media_type=media_type, detail=settings.image_detail)


def _with_detail(outcome: Outcome, settings: Settings) -> Outcome:
    if isinstance(outcome, ProviderError):
        return outcome
    return replace(outcome, detail={"image_detail": settings.image_detail})
