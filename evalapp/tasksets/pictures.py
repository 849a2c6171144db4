"""Pictures in task files: decoded under limits and encoded anew, so that nothing but the picture is kept."""

import hashlib
import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps

from evalapp.tasksets.limits import DEFAULT_LIMITS, Limits

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
PLAIN_MODES = {"L", "LA", "RGB", "RGBA"}
JPEG_QUALITY = 95


class PictureRefused(ValueError):
    """Raised when bytes are not a picture that can be kept; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean picture; ``sha256`` is of ``data``, sizes are in pixels."""

    sha256: str
    media_type: str
    width: int
    height: int
    data: bytes


def clean_picture(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Picture:
    """Decode and encode anew: turned upright as its metadata said, then without any metadata.

    JPEG stays JPEG (quality 95, full colour); PNG, WebP and GIF become PNG. The same bytes give the same
    picture. Raises ``PictureRefused``: SVG may hold programs, an animation shows everybody another frame.
    """
    if b"<svg" in data[:1024].lower():
        raise PictureRefused("SVG is not taken; export it as PNG")
    try:
        with warnings.catch_warnings():
            # A decompression bomb is stopped by the pixel limit below, before anything is decoded.
            warnings.simplefilter("ignore")
            return _cleaned(data, limits)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError) as error:
        if isinstance(error, PictureRefused):
            raise
        raise PictureRefused("it cannot be decoded as PNG, JPEG, WebP or GIF; export it anew") from error


def _cleaned(data: bytes, limits: Limits) -> Picture:
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        width, height = opened.size
        if width * height > limits.picture_pixels:
            most = limits.picture_pixels // 1_000_000
            size = f"{width} × {height}"
            raise PictureRefused(f"it has {size} pixels; at most {most} million are taken; scale it down")
        if getattr(opened, "is_animated", False):
            raise PictureRefused("it is an animation; export one frame of it")
        is_jpeg = opened.format == "JPEG"
        opened.load()
        upright = ImageOps.exif_transpose(opened)
    bare = _bare(upright, opaque=is_jpeg)
    buffer = io.BytesIO()
    if is_jpeg:
        bare.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    else:
        bare.save(buffer, "PNG")
    encoded = buffer.getvalue()
    if len(encoded) > limits.picture_bytes:
        size = f"{len(encoded):,} bytes as {'JPEG' if is_jpeg else 'PNG'}"
        raise PictureRefused(f"it has {size}; at most {limits.picture_bytes:,} are taken; scale it down")
    return Picture(
        sha256=hashlib.sha256(encoded).hexdigest(),
        media_type="image/jpeg" if is_jpeg else "image/png",
        width=bare.width,
        height=bare.height,
        data=encoded,
    )


def _bare(image: Image.Image, *, opaque: bool) -> Image.Image:
    """The pixels alone; Pillow's encoders would copy comments and colour profiles from ``info``."""
    if opaque:
        plain = image if image.mode == "L" else image.convert("RGB")
    elif image.mode in PLAIN_MODES:
        plain = image
    elif image.mode.startswith("I"):
        # Sixteen bits of grey; Pillow would cut them off at 255 instead of scaling them.
        plain = image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    else:
        plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    bare = plain.copy()
    bare.info.clear()
    return bare
