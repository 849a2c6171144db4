"""From a request as it was kept back to the bytes that were sent: pictures are put in their places again."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from . import wire

KEPT_PICTURE = re.compile(r"(?P<media_type>[\w.+-]+/[\w.+-]+);sha256=(?P<sha256>[0-9a-f]{64})")

FindPicture = Callable[[str], bytes | None]
Verdict = Literal["same", "differs", "picture missing", "no checksum"]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A request's text, and whether its bytes have the checksum that was noted when it was sent.

    Without one of its pictures a request cannot be rebuilt: `text` is None.
    """

    text: str | None
    verdict: Verdict


class PictureMissing(LookupError):
    """No picture with this checksum is at hand."""


def rebuild(request: Mapping[str, object], noted_sha256: str, find_picture: FindPicture) -> Rebuilt:
    """The body as sent. `find_picture` gives a picture's bytes by their SHA-256, or None."""
    try:
        text = wire.body_text(_with_pictures(request, find_picture))
    except PictureMissing:
        return Rebuilt(None, "picture missing")
    if not noted_sha256:
        return Rebuilt(text, "no checksum")
    return Rebuilt(text, "same" if wire.checksum(text) == noted_sha256 else "differs")


def _with_pictures(request: Mapping[str, object], find_picture: FindPicture) -> dict[str, object]:
    messages = request.get("messages")
    if not isinstance(messages, list):
        return dict(request)
    # A key that is there keeps its place, so the order of the body stays.
    return {**request, "messages": [_message(each, find_picture) for each in messages]}


def _message(message: object, find_picture: FindPicture) -> object:
    if not isinstance(message, dict) or not isinstance(message.get("content"), list):
        return message
    return {**message, "content": [_part(part, find_picture) for part in message["content"]]}


def _part(part: object, find_picture: FindPicture) -> object:
    if not isinstance(part, dict) or part.get("type") != "image_url":
        return part
    picture = part["image_url"]
    kept = KEPT_PICTURE.fullmatch(str(picture["url"]))
    if kept is None:
        return part
    data = find_picture(kept["sha256"])
    if data is None or hashlib.sha256(data).hexdigest() != kept["sha256"]:
        raise PictureMissing(kept["sha256"])
    url = f"data:{kept['media_type']};base64,{base64.b64encode(data).decode('ascii')}"
    return {**part, "image_url": {**picture, "url": url}}
