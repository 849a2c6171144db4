"""``{% load presenting %}``: safe renderings of texts, and what the shared fragments need."""

import json
from collections.abc import Mapping
from typing import Literal

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.template import Context
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from evalapp.presenting import conversation, highlighting, markdown, text

register = template.Library()

_TONES = {"success": "good", "error": "bad", "warning": "open", "info": "note", "debug": "note"}


@register.filter
def formatted(value: object) -> SafeString:
    """A text read as Markdown."""
    return mark_safe(markdown.formatted(_as_text(value)))  # noqa: S308 - cleaned against an allow-list


@register.filter
def plain(value: object) -> SafeString:
    """A text with its own lines and spaces."""
    return mark_safe(text.plain(_as_text(value)))  # noqa: S308 - escaped


@register.filter
def raw(value: object) -> SafeString:
    """A text with nothing interpreted and every invisible character shown."""
    return mark_safe(text.raw(_as_text(value)))  # noqa: S308 - escaped


@register.filter
def code(value: object, language: object = "") -> SafeString:
    """A block of program text, coloured when its language is known."""
    return mark_safe(highlighting.code_block(_as_text(value), str(language or "")))  # noqa: S308 - escaped


@register.filter
def coding_task(payload: Mapping[str, object]) -> SafeString:
    """A coding task's prompt: program text (Python unless it says otherwise), or a description in words."""
    task = _as_text(payload.get("prompt"))
    return code(task, payload.get("language") or "python") if highlighting.is_code(task) else plain(task)


@register.filter
def turns_with(payload: Mapping[str, object], output: object) -> tuple[conversation.Turn, ...]:
    """The turns of a conversation, each with its reply."""
    return conversation.turns(payload, output)


@register.filter
def at(mapping: object, key: str) -> object:
    """A mapping's value for a key that only the page knows; "" when there is none."""
    return mapping.get(key, "") if isinstance(mapping, Mapping) else ""


@register.filter
def callout_tone(level_tag: str) -> str:
    """The callout that suits a message's level."""
    return _TONES.get(level_tag, "note")


@register.filter
def field_shape(field: BoundField) -> Literal["check", "choices", "line"]:
    """How a form field is laid out: a tick beside its label, a group of choices, or a labelled line."""
    if isinstance(field.field.widget, CheckboxInput):
        return "check"
    if isinstance(field.field.widget, RadioSelect | CheckboxSelectMultiple):
        return "choices"
    return "line"


@register.inclusion_tag("_fragments/nav_link.html", takes_context=True)
def nav_link(context: Context, url_name: str, label: str) -> dict[str, object]:
    """A link of the main navigation, marked as current on every page of its namespace."""
    match = getattr(context.get("request"), "resolver_match", None)
    namespace, _, _ = url_name.rpartition(":")
    current = match is not None and (
        match.namespace == namespace if namespace else match.view_name == url_name
    )
    return {"address": reverse(url_name), "label": label, "current": current}


def _as_text(value: object) -> str:
    """Outputs are texts as a rule; anything else that a kind may store is shown as the JSON it is."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=str)
