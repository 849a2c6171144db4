"""What can be said about a picture from its pixels alone: shape, brightness and main colours."""

from __future__ import annotations

import io
import random
from collections import Counter

from PIL import Image, UnidentifiedImageError

COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (20, 20, 20),
    "white": (245, 245, 245),
    "grey": (128, 128, 128),
    "red": (200, 40, 40),
    "orange": (235, 140, 40),
    "yellow": (240, 220, 60),
    "green": (60, 150, 70),
    "turquoise": (60, 190, 190),
    "blue": (60, 90, 190),
    "purple": (130, 70, 160),
    "pink": (240, 160, 190),
    "brown": (120, 80, 50),
}
SAMPLE_SIDE = 24  # pixels of the reduced picture that is looked at


def main_colours(data: bytes) -> tuple[list[str], float]:
    """Names of the picture's colours, most frequent first, and its width divided by its height.

    Raises ValueError when the bytes are not a picture.
    """
    try:
        with Image.open(io.BytesIO(data)) as picture:
            ratio = picture.width / picture.height
            reduced = picture.convert("RGB").resize((SAMPLE_SIDE, SAMPLE_SIDE))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError("these bytes are not a picture") from error
    pixels = reduced.tobytes()
    counted = Counter(
        _colour(pixels[place], pixels[place + 1], pixels[place + 2]) for place in range(0, len(pixels), 3)
    )
    return [name for name, _ in counted.most_common()], ratio


def description(data: bytes, rng: random.Random, *, careful: bool) -> str:
    """One sentence, or two when careful, about the picture's shape and colours."""
    try:
        colours, ratio = main_colours(data)
    except ValueError:
        return "A picture that cannot be made out."
    first, second = (*colours, colours[0])[:2]
    shape = "wide" if ratio > 1.2 else "tall" if ratio < 0.8 else "square"
    if not careful:
        return rng.choice(
            (f"A {shape} picture in {first} and {second}.", f"{first.capitalize()} with {second}.")
        )
    opening = f"A {shape} composition dominated by {first}, set off by {second}"
    if len(colours) > 2:
        opening += f" with touches of {colours[2]}"
    closing = rng.choice(
        ("The contrast draws the eye to the middle.", "The edges are calm and the forms are simple.")
    )
    return f"{opening}. {closing}"


def _colour(red: int, green: int, blue: int) -> str:
    def distance(name: str) -> int:
        r, g, b = COLOURS[name]
        return (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2

    return min(COLOURS, key=distance)
