"""Only the pixels of an uploaded picture are kept."""

import hashlib
import io

import pytest
from PIL import Image, PngImagePlugin

from evalapp.tasksets.limits import Limits
from evalapp.tasksets.pictures import PictureRefused, clean_picture
from tests.tasksets.zips import picture

CANARY = b"canary-words"


def opened(data: bytes) -> Image.Image:
    """The picture in these bytes."""
    return Image.open(io.BytesIO(data))


def animation() -> bytes:
    """A moving picture of two frames."""
    return picture("GIF", save_all=True, append_images=[Image.new("RGB", (6, 4), "blue")])


def exif(orientation: int | None = None) -> Image.Exif:
    """Metadata with the canary, and the way up when one is given."""
    found = Image.Exif()
    found[0x010E] = CANARY.decode()
    if orientation is not None:
        found[0x0112] = orientation
    return found


@pytest.mark.parametrize(
    ("form", "mode", "media_type"),
    [
        ("PNG", "RGB", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "1", "image/png"),
        ("PNG", "LA", "image/png"),
        ("PNG", "I;16", "image/png"),
        ("WEBP", "RGBA", "image/png"),
        ("GIF", "P", "image/png"),
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
    ],
)
def test_each_form_is_kept_as_png_or_jpeg_of_the_same_size(form: str, mode: str, media_type: str) -> None:
    clean = clean_picture(picture(form, mode=mode))
    assert (clean.media_type, clean.width, clean.height) == (media_type, 6, 4)
    assert clean.sha256 == hashlib.sha256(clean.data).hexdigest()
    assert opened(clean.data).size == (6, 4)


def test_pixels_of_a_png_stay_as_they_were() -> None:
    data = picture()
    assert opened(clean_picture(data).data).tobytes() == opened(data).tobytes()


def test_sixteen_bits_of_grey_become_eight() -> None:
    image = Image.new("I;16", (1, 1), 128 * 256)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    assert opened(clean_picture(buffer.getvalue()).data).getpixel((0, 0)) == 128


def test_metadata_of_every_sort_is_left_behind() -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", CANARY.decode())
    planted = [
        picture("PNG", pnginfo=words, exif=exif(), icc_profile=CANARY),
        picture("JPEG", comment=CANARY, exif=exif(), icc_profile=CANARY),
        picture("WEBP", exif=exif(), icc_profile=CANARY, xmp=CANARY),
        picture("GIF", mode="P", comment=CANARY),
        picture("PNG") + CANARY,
    ]
    assert all(CANARY in data for data in planted)
    assert [CANARY in clean_picture(data).data for data in planted] == [False] * len(planted)
    assert [
        set(opened(clean_picture(data).data).info) & {"exif", "icc_profile", "comment"} for data in planted
    ] == [set()] * len(planted)


def test_a_picture_is_turned_the_way_its_metadata_said() -> None:
    clean = clean_picture(picture("JPEG", size=(6, 4), exif=exif(orientation=6)))
    assert (clean.width, clean.height) == (4, 6)


def test_the_same_bytes_give_the_same_picture() -> None:
    data = picture("JPEG")
    assert clean_picture(data) == clean_picture(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>', "SVG is not taken"),
        (b"<html>", "cannot be decoded"),
        (b"", "cannot be decoded"),
        (picture("PNG")[:40], "cannot be decoded"),
        (picture("JPEG")[:200], "cannot be decoded"),
        (picture("BMP"), "cannot be decoded"),
        (picture("TIFF"), "cannot be decoded"),
        (picture("PNG", size=(40, 30)), "40 × 30 pixels"),
        (animation(), "animation"),
        (picture("PNG", size=(20, 20), mode="L"), "bytes as PNG; at most 50"),
    ],
)
def test_what_cannot_be_kept_says_why(data: bytes, words: str) -> None:
    with pytest.raises(PictureRefused, match=words):
        clean_picture(data, Limits(picture_pixels=1_000, picture_bytes=50))


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    header = picture("PNG", size=(1, 1))
    width_at = header.index(b"IHDR") + 4
    bomb = bytearray(header)
    bomb[width_at : width_at + 8] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(PictureRefused):
        clean_picture(bytes(bomb))
