"""Does anything a rater is sent tell which system stands where? Pure; it knows the answer."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from tests.blindness.observing import Look

#: A figure this many standard deviations from chance is a leak.
MOST_Z = 4.0
#: How often the best guess from the three sides before may be right.
MOST_FORETOLD = 0.85


def findings(looks: Sequence[Look]) -> list[str]:
    """Everything that tells, in words; nothing for a blind page."""
    return [*page_findings(looks), *token_findings(looks), *side_findings(looks)]


def page_findings(looks: Sequence[Look]) -> list[str]:
    """Doors at which equal texts did not give one and the same response."""
    by_door: dict[str, Counter[str]] = defaultdict(Counter)
    for look in looks:
        by_door[look.door][look.sent] += 1
    return [
        f"{door}: {len(sent)} different responses, first parted at …{_parting(sorted(sent))}…"
        for door, sent in by_door.items()
        if len(sent) > 1
    ]


def token_findings(looks: Sequence[Look]) -> list[str]:
    """Tokens whose order, first characters or length go with the system on the left or with creation."""
    found = []
    for name in sorted({name for look in looks for name in look.tokens}):
        seen = {(look.made, look.tokens[name]): look for look in looks if name in look.tokens}
        texts = [token for _, token in seen]
        left = [float(look.left == min(each.left for each in looks)) for look in seen.values()]
        made = [float(look.made) for look in seen.values()]
        for figure, values in figures(texts).items():
            for against, truth in (("system", left), ("creation", ranks(made))):
                z = correlation_z(values, truth)
                if abs(z) >= MOST_Z:
                    found.append(f"{name}: {figure} against {against}")
    return found


def figures(tokens: Sequence[str]) -> Mapping[str, list[float]]:
    """What is looked at of a token."""
    order = {token: float(place) for place, token in enumerate(sorted(tokens))}
    return {
        "order": [order[token] for token in tokens],
        "length": [float(len(token)) for token in tokens],
        **{f"character {place}": [float(ord(token[place])) for token in tokens] for place in range(3)},
    }


def ranks(values: Sequence[float]) -> list[float]:
    """The place of each value among all."""
    place = {value: float(index) for index, value in enumerate(sorted(set(values)))}
    return [place[value] for value in values]


def correlation_z(one: Sequence[float], other: Sequence[float]) -> float:
    """Pearson's r times √(n − 1): about standard normal when the two have nothing to do with each other.

    0 where either does not vary.
    """
    count = len(one)
    mean_one, mean_other = sum(one) / count, sum(other) / count
    both = sum((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True))
    spread = sum((a - mean_one) ** 2 for a in one) * sum((b - mean_other) ** 2 for b in other)
    return both / math.sqrt(spread) * math.sqrt(count - 1) if spread else 0.0


def side_findings(looks: Sequence[Look]) -> list[str]:
    """A system that stands on one side too often, or a next side that can be foretold."""
    by_rater: dict[str, dict[int, str]] = defaultdict(dict)
    for look in looks:
        by_rater[look.rater].setdefault(look.made, look.left)
    first = min(look.left for look in looks)
    histories = [[system == first for system in seats.values()] for seats in by_rater.values()]
    found = []
    for number, history in enumerate(histories, start=1):
        if abs(share_z(history)) >= MOST_Z or abs(2 * sum(history) - len(history)) > 6:
            found.append(f"sides: uneven for rater {number}")
    if foretold(histories) > MOST_FORETOLD:
        found.append("sides: the next one can be foretold")
    return found


def share_z(left: Sequence[bool]) -> float:
    """How far the share of True is from one half, in standard deviations of a coin."""
    return (sum(left) - len(left) / 2) / math.sqrt(len(left) / 4)


def foretold(histories: Sequence[Sequence[bool]]) -> float:
    """How often the commonest follower of three sides in a row was right."""
    followers: dict[tuple[bool, ...], Counter[bool]] = defaultdict(Counter)
    for history in histories:
        for place in range(3, len(history)):
            followers[tuple(history[place - 3 : place])][history[place]] += 1
    total = sum(counter.total() for counter in followers.values())
    return sum(max(counter.values()) for counter in followers.values()) / total if total else 0.0


def _parting(texts: Sequence[str]) -> str:
    one, other = texts[0], texts[-1]
    place = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return f"{one[max(0, place - 30) : place + 30]!r} | {other[max(0, place - 30) : place + 30]!r}"
