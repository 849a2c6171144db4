"""Believable text made of a request's own words, for models that are only simulated.

Everything is drawn from the generator handed in, so the same request gives the same text. Nothing written
here says who wrote it.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Sequence

WORD = re.compile(r"\w[\w'’-]*\w|\w")
SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+")
DOCUMENT_WORDS = 120  # a message longer than this is taken for a text to summarise

COMMON_WORDS = frozenset(
    word
    for line in (
        "about above after again against also always another answer because been before being below between",
        "both briefly cannot caption could describe does doing down during each either every explain first",
        "following from further give given have having here into itself just like list make many more most",
        "much must name need never only other ought over please question same sentence several shall should",
        "show since some such tell than that their them then there these they this those through under until",
        "upon user using very want were what when where which while whom whose will with within without word",
        "words would write year your according mentioned perform",
    )
    for word in line.split()
)

SHORT_SENTENCES = (
    "It mostly comes down to {b}.",
    "The main point here is {a}.",
    "{A} is tied to {b}.",
    "Start with {a} and the rest follows.",
    "With {a}, look at {b} first.",
    "In practice {b} settles it.",
    "{A} matters more than {c}.",
    "Most people point to {b}.",
)
LONG_SENTENCES = (
    "To see why, it helps to keep {a} and {b} apart, since they are often mentioned together.",
    "{A} sets the frame, while {b} explains most of what people notice.",
    "There is a second side to this: {c} changes the picture once {a} is taken into account.",
    "A useful way to check is to hold {b} fixed and ask what happens to {c}.",
    "Sources differ on the details of {b}, but they agree on the part {a} plays.",
    "Where {a} is concerned, the exceptions are few and usually involve {c}.",
    "That makes {b} the better place to begin, with {c} as supporting evidence.",
    "It is worth adding that {c} is sometimes confused with {a}, although the two are distinct.",
    "Taken together, {a} and {c} leave little room for another reading.",
)
LONG_OPENINGS = (
    "The short version: {a} is best understood through {b}.",
    "There are two things to say about {a}.",
    "The answer turns on {a}, and in particular on {b}.",
    "Looking at {a} step by step gives a clear picture.",
)
FIRST_NAMES = ("Marta", "Anton", "Leonie", "Samuel", "Irene", "Tobias", "Clara", "Victor", "Amina", "Joon")
LAST_NAMES = ("Keller", "Brandt", "Okafor", "Lindqvist", "Moreau", "Hayashi", "Petrov", "Alvarez", "Doyle")


def words(text: str) -> list[str]:
    # Prompts pasted out of source code carry line ends as a backslash and a letter.
    return WORD.findall(re.sub(r"\\[nrt]", " ", text))


def sentences(text: str) -> list[str]:
    """Sentences in order, white space collapsed."""
    return [" ".join(part.split()) for part in SENTENCE_END.split(text) if part.strip()]


def topics(text: str) -> list[str]:
    """What a text is about: names (runs of capitalised words) first, then its longer words; each once."""
    names: list[str] = []
    run: list[str] = []
    for word in [*words(text), ""]:
        plain = word.removesuffix("'s").removesuffix("’s")
        if plain[:1].isupper() and plain.lower() not in COMMON_WORDS and (len(plain) > 3 or plain.isupper()):
            run.append(plain)
            continue
        if run:
            names.append(" ".join(run[:4]))
            run = []
    named = {word.lower() for name in names for word in name.split()}
    longer = [
        word
        for word in words(text)
        if len(word) > 4
        and word.lower() not in COMMON_WORDS | named
        and not word.endswith(("ed", "ing", "s"))
    ]
    unique = [topic for topic in dict.fromkeys([*names, *longer]) if not topic.isnumeric()]
    return unique or ["the request", "the context", "the details"]


def essay(prompt: str, rng: random.Random, *, length: int, careful: bool) -> str:
    """An answer of about `length` sentences: terse, or when careful with an opening and perhaps a list."""
    about = topics(prompt)
    fact = _fact(prompt, rng)
    if not careful:
        parts = [fact] if fact else []
        pool = rng.sample(SHORT_SENTENCES, k=max(1, length) - len(parts)) if length > len(parts) else []
        return " ".join(parts + [_filled(sentence, about, rng) for sentence in pool])
    body = [_filled(rng.choice(LONG_OPENINGS), about, rng)]
    if fact:
        body.insert(0, fact)
    body += [
        _filled(s, about, rng) for s in rng.sample(LONG_SENTENCES, k=min(length - 1, len(LONG_SENTENCES)))
    ]
    middle = (len(body) + 1) // 2
    text = " ".join(body[:middle]) + "\n\n" + " ".join(body[middle:])
    if len(about) >= 4 and rng.random() < 0.4:
        listed = rng.sample(about, k=3)
        text += "\n\n" + "\n".join(f"- **{topic[:1].upper()}{topic[1:]}**" for topic in listed)
    return text


def summary(document: str, rng: random.Random, *, length: int, careful: bool) -> str:
    """At most a quarter of the document's sentences: the heaviest when careful, otherwise the first ones."""
    told = [sentence for sentence in sentences(document) if 6 <= len(words(sentence)) <= 60]
    if not told:
        return essay(document, rng, length=length, careful=careful)
    length = max(1, min(length, len(told) // 4))
    if not careful:
        return " ".join(told[:length])
    weight = Counter(w.lower() for w in words(document) if len(w) > 3 and w.lower() not in COMMON_WORDS)

    def score(place: int) -> float:
        inside = words(told[place])
        return sum(weight[word.lower()] for word in inside) / math.sqrt(len(inside))

    chosen = sorted(sorted(range(len(told)), key=score, reverse=True)[:length])
    return " ".join(told[place] for place in chosen)


def program(prompt: str, rng: random.Random, *, careful: bool) -> str:
    """A fenced Python block that defines the function the prompt speaks of."""
    signature = re.search(r"def\s+(\w+)\s*\(([^)]*)\)", prompt)
    named = re.search(r"`(\w+)\(([^)]*)\)`", prompt)
    found = signature or named
    name, arguments = (
        (found[1], found[2]) if found else (topics(prompt)[-1].replace(" ", "_").lower(), "values")
    )
    name = re.sub(r"\W", "_", name)
    first = re.split(r"[:=,]", arguments)[0].strip() or "None"
    if careful:
        inside = [
            f'    """Return the result for {", ".join(topics(prompt)[:2])}."""',
            f"    if not {first}:",
            f"        return {first}",
            f"    result = {first}",
            "    return result",
        ]
        lead = "Here is a version that also covers the empty case:\n\n"
    else:
        inside = [f"    return {rng.choice([first, f'sorted({first})', f'len({first})'])}"]
        lead = ""
    return lead + "```python\n" + "\n".join([f"def {name}({arguments}):", *inside]) + "\n```"


def nearest_label(text: str, labels: Sequence[str], rng: random.Random, *, quality: float) -> str:
    """The label that shares most word beginnings with the text, or, with chance 1 - quality, any label."""
    if rng.random() >= quality:
        return rng.choice(labels)
    starts = {word.lower()[:4] for word in words(text)}

    def shared(label: str) -> int:
        return sum(part.lower()[:4] in starts for part in re.split(r"[\W_]+", label) if part)

    best = max(shared(label) for label in labels)
    return rng.choice([label for label in labels if shared(label) == best])


def _fact(prompt: str, rng: random.Random) -> str:
    """A first sentence with something definite in it, when the question asks for something definite."""
    asked = prompt.lower()
    if re.search(r"\b(what year|which year|in what year|when (was|did|were|is))\b", asked):
        return f"It was in {rng.randint(1790, 2019)}."
    if re.search(r"\b(how many|how much|how old|what age|what number)\b", asked):
        return f"The figure is {rng.randint(2, 90)}."
    if re.search(r"\bwho\b", asked):
        return f"That was {rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}."
    return ""


def _filled(template: str, about: Sequence[str], rng: random.Random) -> str:
    chosen = rng.sample(about, k=min(3, len(about)))
    while len(chosen) < 3:
        chosen.append(rng.choice(("the context", "the wording", "the details")))
    a, b, c = chosen
    return template.format(a=a, b=b, c=c, A=a[:1].upper() + a[1:])
