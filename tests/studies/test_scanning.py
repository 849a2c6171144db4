"""Which texts name themselves, and which merely speak about models."""

import itertools

import pytest

from raters.studies.scanning import Sign, find_self_naming, telling_names

NAMING = [
    "As ChatGPT, I cannot do that.",
    "I'm Claude, an AI assistant made by Anthropic.",
    "I am a large language model trained by Google.",
    "As an AI language model, I don't have feelings.",
    "As an AI language model I can't browse.",
    "Sure!<|im_end|>",
    "My knowledge cutoff is September 2021.",
    "my knowledge cut-off date",
    "I was developed by OpenAI to help people.",
    "I’m an AI assistant, so no.",
    "As of my last update in 2023, it was open.",
    "As of my knowledge cutoff, yes.",
    "I am Qwen, created by Alibaba Cloud.",
    "and that is all.</s>",
    "See https://api.openai.com/v1/chat for more.",
    "Write to help.openai.com",
    "As an artificial intelligence, I have no opinion.",
    "I'm just a language model.",
    "My name is Gemini.",
    "My creators at Anthropic would agree.",
    "[/INST] The answer is 4",
    "ChatGPT: hello",
    "I am called ChatGPT",
    "As a large language model created by OpenAI, I may err.",
    "As an AI developed by OpenAI, I don't know.",
    "I'm DeepSeek-V3, an assistant",
    "I am an assistant trained by OpenAI.",
    "### Assistant: The answer",
    "<start_of_turn>model",
    "<think>first",
    "I have been trained by Meta AI.",
    "As an AI model without feelings, I cannot say.",
    "I was created and trained by Mistral AI.",
    "my training data ends in 2022",
    "<｜end▁of▁sentence｜>",
]
MERELY_ABOUT = [
    "ChatGPT was released by OpenAI in November 2022.",
    "Large language models such as GPT-4 and Claude are trained on text from the web.",
    "Google trained Gemini on several modalities.",
    "As a language model grows, its costs rise.",
    "Castor and Pollux are the brightest stars of Gemini.",
    "I am a fan of AI.",
    "I am from the Amazon rainforest.",
    "I was at Google headquarters.",
    "I am working as an engineer at Google.",
    "He said that he is an AI.",
    "I'm interested in language models made by OpenAI.",
    "I am learning about the AI that beat Lee Sedol.",
    "My laptop is made by Microsoft.",
    "As Claude Monet painted his garden, the light changed.",
    "Anthropic and OpenAI were founded by researchers.",
    "The assistant professor spoke.",
    "Use x < y | z > w in the shell.",
    "My training as a runner began in 2020.",
    "Llamas live in the Andes.",
    "The system prompt tells the assistant what to do.",
    "An AI is a computer program; I wrote one once.",
    "We are a company that trains neural networks.",
    "",
]


@pytest.mark.parametrize("text", NAMING)
def test_a_text_that_names_itself_is_found(text: str) -> None:
    findings = find_self_naming(text)
    assert findings
    for finding in findings:
        assert text[finding.start : finding.end].strip() == finding.words


@pytest.mark.parametrize("text", MERELY_ABOUT)
def test_a_text_that_is_merely_about_models_is_left_alone(text: str) -> None:
    assert find_self_naming(text) == []


def test_the_studys_own_names_are_found_when_they_would_tell() -> None:
    names = ["gpt-4o-mini", "small", "o1"]
    assert telling_names(names) == ["gpt-4o-mini"]
    (finding,) = find_self_naming("Answered by GPT-4o-mini in one go, a small thing.", names)
    assert (finding.words, finding.sign) == ("GPT-4o-mini", Sign.NAME)
    assert find_self_naming("xgpt-4o-mini-y", names) == []


def test_findings_come_in_order_and_do_not_overlap() -> None:
    findings = find_self_naming("As an AI language model, I am ChatGPT. <|im_end|> I'm an AI.")
    places = [(finding.start, finding.end) for finding in findings]
    assert places == sorted(places)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(places))
    assert {finding.sign for finding in findings} == {Sign.SELF, Sign.DEBRIS}


def test_a_long_text_is_scanned_in_linear_time() -> None:
    # A pattern that backtracks badly would not come back from this within anybody's patience.
    for piece in ("as an ", "i am a ", "i am the very ", "my ", "https://a.", "<|", "a" * 50):
        assert isinstance(find_self_naming(piece * 20_000), list)
