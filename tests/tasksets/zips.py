"""Zips and pictures to upload."""

import io
import zipfile
from collections.abc import Mapping

from PIL import Image


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def picture(form: str = "PNG", size: tuple[int, int] = (6, 4), mode: str = "RGB", **options: object) -> bytes:
    """A small picture with a red corner."""
    image = Image.new(mode, size)
    if mode == "RGB":
        image.putpixel((0, 0), (250, 10, 10))
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
