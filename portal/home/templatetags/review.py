"""What the pages of a proposal need beyond ``portal``: links of releases, undo, pins."""

from collections.abc import Iterable

from django import template
from django.contrib.messages.storage.base import Message
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from matrix.rules.diffing import PinMove

register = template.Library()
LOWER = mark_safe('<span class="mx-lower">lower</span>')
UNDO = "undo-"


@register.filter
def undo_keys(message: Message) -> str:
    """Return the decisions that *message* told of, ``12.13``; "" where nothing can be undone."""
    tags = (message.extra_tags or "").split()
    return next((tag.removeprefix(UNDO) for tag in tags if tag.startswith(UNDO)), "")


@register.simple_tag
def integration_link(slug: str, name: str, text: str) -> SafeString | str:
    """Link *text* to the page of the integration; the layout has none."""
    if not name:
        return text
    return format_html('<a href="{}">{}</a>', reverse("integration", args=[slug, name]), text)


@register.simple_tag
def release_url(slug: str, name: str, version: str) -> str:
    """Return the address of the verdict on a release; "" for the layout."""
    return reverse("release", args=[slug, name, version]) if name else ""


@register.filter
def pin_lines(moves: Iterable[PinMove]) -> SafeString:
    """
    Return a list item for each move, its environments folded.

    In Python: a template's loop takes too long for the pins of a week in which all of them move.
    """
    return format_html_join("\n", _PIN, map(_pin, moves))


_PIN = (
    '<li class="mx-line mx-line-{}"><span class="mx-sign"><span aria-hidden="true">{}</span>'
    '<span class="visually-hidden">{} pin</span></span><code>{}</code>{}'
    "{}</li>"
)
_WHERE = '<details class="mx-where"><summary>in {}</summary><p class="mx-quiet">{}</p></details>'


def _pin(move: PinMove) -> tuple[str | SafeString, ...]:
    sign, word = ("+", "add") if move.old is None else ("~", "change")
    sign, word = ("-", "remove") if move.new is None else (sign, word)
    down = LOWER if move.is_down and move.environments else ""
    return word, sign, word, moved(move), down, _where(move)


def _where(move: PinMove) -> SafeString:
    """Name the environments, folded; in a lock, what asks for the pin."""
    if not move.environments:
        word = LOWER if move.is_down else "major" if move.is_major else ""
        return format_html(
            '<span>{} <span class="mx-quiet">{}</span></span>', word, move.where or "declared"
        )
    number = len(move.environments)
    where = f"{number} environment{'' if number == 1 else 's'}"
    return format_html(_WHERE, where, ", ".join(move.environments))


@register.filter
def moved(move: PinMove) -> SafeString:
    """``anyio 4.14.1 → 4.14.2``, the arrow read as "to"."""
    if move.is_rehashed:
        return format_html("{} {}, other files", move.project, move.new)
    if move.old is None:
        return format_html("{} {}", move.project, move.new)
    if move.new is None:
        return format_html("{} {}", move.project, move.old)
    return format_html(
        '{} {} <span aria-hidden="true">→</span><span class="visually-hidden">to</span> {}',
        move.project,
        move.old,
        move.new,
    )
