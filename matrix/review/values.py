"""What runs hand to review, and what review hands to those who read it. Bodies are opaque text."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a reviewer should know about a part."""

    kind: str
    severity: str  # One of Finding.Severity.
    text: str
    is_blocking: bool = False


@dataclass(frozen=True, slots=True)
class ComputedPart:
    """
    What a run made of one part.

    No body: the part is absent, which removes a published one. A part with a problem passes with
    the body that it has: keeping what is published is the caller's decision.
    """

    part: str
    body: str | None
    problem: str = ""
    reasons: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    rejected: Mapping[str, str] = field(default_factory=dict)
    # {release: (kind, text)}: the verdict of every release. Review compares kinds, no more.
    verdicts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    findings: tuple[Found, ...] = ()
    environments: Mapping[str, Any] = field(default_factory=dict)  # For those who read the notes.
    # Because of what it differs from the publication: [{"kind", "text"}], the most telling first.
    causes: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a proposal does to one part; None: the part is not there."""

    part: str
    old_body: str | None
    new_body: str | None


Summarise = Callable[[Sequence[Change]], str]  # The summary line of these changes.
# What speaks against publishing {part: body}, as sentences.
Objections = Callable[[Mapping[str, str]], Collection[str]]
Render = Callable[[Mapping[str, str]], Mapping[str, str]]  # {part: body} -> {path: text}
