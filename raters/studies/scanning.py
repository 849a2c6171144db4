"""Finding outputs that name themselves, before anybody judges them. Pure.

A rater who reads "As ChatGPT, I …" is no longer blind. Texts that are merely about models are left alone: a
name counts only where the text speaks of itself, as an address of its provider, or as debris of a chat
template.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Sign(StrEnum):
    """What gave the text away."""

    SELF = "speaks of itself"
    ADDRESS = "provider's address"
    DEBRIS = "template debris"
    NAME = "name of a system in this study"


@dataclass(frozen=True, slots=True)
class SelfNaming:
    """The words at ``start`` to ``end`` of a text, and why they tell."""

    words: str
    sign: Sign
    start: int
    end: int


NAMES = (
    r"chat\s?gpt(?:[-\s]?[345](?:\.\d)?o?)?|gpt[-\s]?\d(?:\.\d)?o?(?:[-\s]?(?:mini|nano|turbo|pro))?|claude|gemini|bard|"
    r"(?:meta\s)?llama(?:[-\s]?\d(?:\.\d)?)?|mistral|mixtral|ministral|qwen(?:[-\s]?\d(?:\.\d)?)?|tongyi|deep\s?seek|"
    r"grok|(?:microsoft\s)?copilot|bing\schat|phi-\d|gemma|command[-\s]r\+?|ernie(?:\sbot)?|kimi|doubao|hunyuan|"
    r"chatglm|glm-\d|falcon-\d+b|vicuna|alpaca-\d+b|smollm\d?|olmo|nemotron|jamba|perplexity|"
    r"amazon\s(?:nova|titan)|open\s?assistant"
)
MAKERS = (
    r"open\s?ai|anthropic|google(?:\sdeepmind|\sai)?|deepmind|meta(?:\sai)?|mistral\sai|alibaba(?:\scloud)?|"
    r"microsoft|xai|cohere|baidu|tencent|zhipu(?:\sai)?|moonshot(?:\sai)?|deepseek|hugging\s?face|nvidia|amazon|"
    r"ai21(?:\slabs)?|lmsys|bytedance|01\.ai|stability\sai|the\stechnology\sinnovation\sinstitute"
)
MACHINE = (
    r"(?:ai|a\.i\.|artificial\sintelligence|large\slanguage\smodel|language\smodel|llm|chatbot|neural\snetwork|"
    r"virtual\sassistant|digital\sassistant|computer\sprogram|machine\slearning\smodel)"
)
HOSTS = (
    r"openai\.com|chatgpt\.com|oai\.azure\.com|openai\.azure\.com|anthropic\.com|claude\.ai|gemini\.google\.com|"
    r"bard\.google\.com|aistudio\.google\.com|generativelanguage\.googleapis\.com|mistral\.ai|deepseek\.com|"
    r"chat\.qwen\.ai|dashscope\.aliyuncs\.com|x\.ai|grok\.com|cohere\.(?:com|ai)|perplexity\.ai|openrouter\.ai|"
    r"together\.(?:ai|xyz)|groq\.com|api\.fireworks\.ai|bedrock-runtime\.[\w-]+\.amazonaws\.com|copilot\.microsoft\.com|"
    r"api-inference\.huggingface\.co"
)
I_AM = r"(?:i\s?am|i[’']?m|we\s?are)"
I_WAS = r"(?:i\s(?:was|am|have\sbeen)|i[’'](?:m|ve\sbeen))"
MADE = r"(?:trained|developed|created|built|made|designed|programmed|provided|powered|operated|released)"
#: A few words before the noun; a preposition among them would begin another thought ("a fan of AI").
SOME = (
    r"(?:(?:just|only|simply|merely|actually|also)\s)?(?:an?|the|your)\s"
    r"(?:(?!(?:of|about|in|at|with|for|to|on|the|and)\b)[\w-]+\s){0,3}?"
)
MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"


def _any_case(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)


PATTERNS: tuple[tuple[Sign, re.Pattern[str]], ...] = (
    (
        Sign.SELF,
        _any_case(
            rf"\bas\san?\s(?:(?!(?:of|about|in)\b)[\w-]+\s){{0,2}}?{MACHINE}(?:\s(?:model|assistant|system))?"
            rf"(?:\s{MADE}\sby\s[^,.\n]{{2,30}}|\swithout\s[^,.\n]{{2,30}})?(?:\s?[,:–]\s(?:i|my)\b|\si\b)"
        ),
    ),
    (Sign.SELF, _any_case(rf"\bas\s(?:{NAMES})\s?,?\si\b")),
    (Sign.SELF, _any_case(rf"\bas\s(?:{NAMES}),\s(?:my|an?\s(?:ai|large|language|assistant)|the)\b")),
    (Sign.SELF, _any_case(rf"\b{I_AM}\s(?:called\s|named\s|known\sas\s)?(?:{NAMES})\b")),
    (Sign.SELF, _any_case(rf"\b{I_AM}\s{SOME}{MACHINE}\b")),
    (
        Sign.SELF,
        _any_case(rf"\b(?:my\sname(?:\sis|[’']s)|call\sme|this\sis|speaking\sas)\s(?:{NAMES})\b(?![’']s)"),
    ),
    (Sign.SELF, _any_case(rf"\b{I_WAS}\s{MADE}(?:\sand\s{MADE})?\sby\s(?:{MAKERS}|{NAMES})\b")),
    (
        Sign.SELF,
        _any_case(
            rf"\b{I_AM}\s{SOME}(?:model|assistant|ai|chatbot|system|program)\b"
            rf"[^.!?\n]{{0,20}}?\b(?:by|from)\s(?:{MAKERS})\b"
        ),
    ),
    (
        Sign.SELF,
        _any_case(
            rf"\b(?:my|our)\s(?:makers?|creators?|developers?)(?:,|\sat|\sis|\sare)?\s(?:at\s)?(?:{MAKERS})\b"
        ),
    ),
    (
        Sign.SELF,
        _any_case(
            r"\bmy\s(?:knowledge|training|last\s(?:knowledge\s)?update)(?:\sdata)?[\s-]"
            rf"(?:cut-?\s?off|ends|was\sin|only\sgoes|extends|(?:is\s)?(?:up\sto|in)\s(?:{MONTHS}|20\d\d))"
        ),
    ),
    (
        Sign.SELF,
        _any_case(
            r"\bas\sof\smy\s(?:last|latest|most\srecent|knowledge|training)\b(?:\s(?:data|update|cut-?off))*"
        ),
    ),
    (Sign.SELF, _any_case(rf"^\s*(?:{NAMES})\s?:\s")),
    (Sign.SELF, _any_case(rf"\b(?:generated|written|answered)\sby\s(?:{NAMES})\s*[.)\]]?\s*\Z")),
    (Sign.ADDRESS, _any_case(rf"(?<![\w.-])(?:https?://)?(?:[\w-]+\.)*(?:{HOSTS})\b(?:/[^\s)>\]\"']*)?")),
    (Sign.DEBRIS, _any_case(r"<[|｜][^\s<>]{1,40}[|｜]>")),
    (
        Sign.DEBRIS,
        _any_case(
            r"\[/?INST\]|<</?SYS>>|</?(?:start_of_turn|end_of_turn|eos|bos|think|thinking)>|</s>(?=\s*(?:\Z|\n|<s>|\[))"
        ),
    ),
    (Sign.DEBRIS, _any_case(r"^\s*(?:#{2,3}\s?(?:assistant|human|user)\s?:|assistant\s?:)")),
)


def find_self_naming(text: str, names: Iterable[str] = ()) -> list[SelfNaming]:
    """Every place where the text tells who wrote it, in order, overlaps merged to the first.

    ``names`` are the study's own systems and models; only those that no ordinary sentence would hold (with a
    digit) are looked for.
    """
    found = sorted(_matches(text, names), key=lambda each: (each.start, -each.end))
    kept: list[SelfNaming] = []
    for each in found:
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    return kept


def telling_names(names: Iterable[str]) -> list[str]:
    """The names among these that would tell something in a text: long enough, and with a digit."""
    return sorted({name for name in names if len(name) >= 4 and any(char.isdigit() for char in name)})


def _matches(text: str, names: Iterable[str]) -> Iterator[SelfNaming]:
    for sign, pattern in PATTERNS:
        for match in pattern.finditer(text):
            yield SelfNaming(match.group().strip(), sign, match.start(), match.end())
    for name in telling_names(names):
        for match in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE):
            yield SelfNaming(match.group(), Sign.NAME, match.start(), match.end())
