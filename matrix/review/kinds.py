"""
The kinds of channels: who makes files of their snapshots, and words of their changes.

Review knows channels and parts. Whoever owns a kind registers here what it takes to show, render
and publish it, when the portal starts.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from matrix.review.models import Channel
from matrix.review.values import Change, Objections, Render, Summarise
from matrix.rules.diffing import PartDiff

Compared = tuple[Any, Any, PartDiff]  # A part before and after a change, as read, and the change.


class Subject(Protocol):
    """What a channel belongs to: an SDK, an application."""

    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def second_person_publishes(self) -> bool: ...
    @property
    def public_publications(self) -> bool: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """What is the same for all channels of one kind."""

    noun: str  # "SDK": as people call its subjects.
    render: Render  # Raises ReviewError where no file can be made.
    summary_of: Callable[[Channel], Summarise]
    compare: Callable[[Sequence[Change]], Sequence[Compared]]  # In the order of the changes.
    tally: Callable[[Iterable[PartDiff]], str]  # What changes together, without a full stop.
    subjects: Callable[[Collection[str]], Mapping[str, Subject]]  # Those that there are, by slug.
    # What speaks against a state, whoever approved its parts. None: every mix can be published.
    objections: Objections | None = None

    def find(self, slug: str) -> Subject | None:
        """Return the subject of this slug; None: it was removed."""
        return self.subjects([slug]).get(slug)


_known: dict[str, Kind] = {}


def register(name: str, kind: Kind) -> None:
    """Make the channels whose ``kind`` is *name* work as *kind* says."""
    _known[name] = kind


def kind_of(channel: Channel) -> Kind:
    """Return the kind of *channel*; raises LookupError for one that nobody registered."""
    return kind_named(channel.kind)


def kind_named(name: str) -> Kind:
    if name not in _known:
        raise LookupError(f'Nobody registered the kind of channels "{name}".')
    return _known[name]


def other_kinds(name: str) -> list[str]:
    """Return the names of all kinds but *name*."""
    return sorted(_known.keys() - {name})


def subject_of(channel: Channel) -> Subject | None:
    """Return what *channel* belongs to, unless it was removed."""
    return kind_of(channel).find(channel.slug)
