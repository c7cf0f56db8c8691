"""
Reading YAML that nobody vouches for, with the line of every key and value.

The events of the parser are read one by one: no tag makes an object, an alias counts as much as
what it stands for, and depth and size are bounded.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from integrations.catalogue.validators import quoted
from integrations.policy.linting.findings import Unreadable

MOST_CHARACTERS = 300_000  # Of one file; a configuration of forty applications has a third.
MOST_NODES = 20_000  # With everything that aliases stand for.
DEEPEST = 40
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RESOLVER = yaml.resolver.Resolver()
MERGE = "<<"


@dataclass(kw_only=True, slots=True)
class Node:
    """A scalar, a list or a mapping."""

    line: int
    size: int = 1  # Nodes in it, itself among them.


@dataclass(kw_only=True, slots=True)
class Scalar(Node):
    """``kind`` is what readers of YAML make of it: str, int, float, bool, null, timestamp."""

    text: str
    kind: str = "str"
    is_block: bool = False  # Its first line stands below that of the node.


@dataclass(kw_only=True, slots=True)
class Items(Node):
    values: list[Node] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Table(Node):
    values: dict[str, Node] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)  # Of the keys.
    twice: list[tuple[str, int]] = field(default_factory=list)  # A key that was there, its line.

    def get(self, key: str) -> Node | None:
        return self.values.get(key)

    def table(self, key: str) -> "Table":
        """Return the mapping under *key*; an empty one for anything else."""
        found = self.values.get(key)
        return found if isinstance(found, Table) else Table(line=self.line)

    def scalar(self, key: str) -> Scalar | None:
        found = self.values.get(key)
        return found if isinstance(found, Scalar) else None


def read_yaml(text: str) -> Node:
    """Return the one document of *text*; raises Unreadable with the line."""
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(f"It has more than {MOST_CHARACTERS:,} characters of YAML.")
    try:
        return _Composer(yaml.parse(text, Loader=LOADER)).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "a character that YAML does not allow"
        raise Unreadable(f"It is not YAML: {reason}.", line=mark.line + 1 if mark else 0) from error


class _Composer:
    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.events = events
        self.anchors: dict[str, Node] = {}
        self.count = 0

    def document(self) -> Node:
        found: Node | None = None
        for event in self.events:
            match event:
                case yaml.DocumentStartEvent() if found is not None:
                    raise Unreadable("It holds a second document.", line=_line(event))
                case yaml.NodeEvent():
                    found = self.node(event, depth=0)
        if found is None:
            raise Unreadable("It holds nothing.", line=1)
        return found

    def node(self, event: yaml.Event, *, depth: int) -> Node:
        if depth > DEEPEST:
            raise Unreadable(f"It is nested more than {DEEPEST} levels deep.", line=_line(event))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if tag := getattr(event, "tag", None):
            raise Unreadable(
                f"It holds the tag {quoted(tag)}, which is not followed.", line=_line(event)
            )
        found = self._fresh(event, depth)
        self._count(1, event)
        if anchor := getattr(event, "anchor", None):
            self.anchors[anchor] = found  # Known from here on: inside itself it is not.
        return found

    def _fresh(self, event: yaml.Event, depth: int) -> Node:
        match event:
            case yaml.ScalarEvent():
                return _scalar(event)
            case yaml.SequenceStartEvent():
                items = Items(line=_line(event))
                while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
                    items.values.append(self.node(inner, depth=depth + 1))
                items.size = 1 + sum(each.size for each in items.values)
                return items
        return self._table(event, depth)

    def _table(self, event: yaml.Event, depth: int) -> Table:
        table = Table(line=_line(event))
        merged: list[Node] = []
        while not isinstance(inner := next(self.events), yaml.MappingEndEvent):
            key = self.node(inner, depth=depth + 1)
            value = self.node(next(self.events), depth=depth + 1)
            table.size += key.size + value.size
            if not isinstance(key, Scalar):
                raise Unreadable("It holds a key that is no text.", line=key.line)
            if key.text == MERGE:
                merged += value.values if isinstance(value, Items) else [value]
            elif key.text in table.values:
                table.twice.append((key.text, key.line))
            else:
                table.values[key.text] = value
                table.lines[key.text] = key.line
        for other in merged:
            if isinstance(other, Table):
                table.values = {**other.values, **table.values}
                table.lines = {**other.lines, **table.lines}
        return table

    def _alias(self, event: yaml.AliasEvent) -> Node:
        found = self.anchors.get(event.anchor or "")
        if found is None:
            raise Unreadable(
                f"The alias {quoted(f'*{event.anchor}')} stands for nothing above it, or for what "
                "it is in.",
                line=_line(event),
            )
        self._count(found.size, event)
        return found

    def _count(self, more: int, event: yaml.Event) -> None:
        self.count += more
        if self.count > MOST_NODES:
            raise Unreadable(
                f"It stands for more than {MOST_NODES:,} values, aliases written out.",
                line=_line(event),
            )


def _scalar(event: yaml.ScalarEvent) -> Scalar:
    kind = "str"
    if event.implicit[0]:  # Plain: readers look at what it is like.
        tag: str = RESOLVER.resolve(yaml.ScalarNode, event.value, (True, False))  # type: ignore[no-untyped-call]
        kind = tag.rpartition(":")[2]
    return Scalar(
        line=_line(event),
        text=event.value,
        kind=kind,
        is_block=event.style in {"|", ">"},
    )


def _line(event: yaml.Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 0


def doubles(node: Node) -> Iterator[tuple[str, int]]:
    """Yield each key that a mapping has twice, and the line of the second one."""
    pending, seen = [node], set()
    while pending:
        found = pending.pop()
        if id(found) in seen:  # An alias: said once.
            continue
        seen.add(id(found))
        match found:
            case Table():
                yield from found.twice
                pending += found.values.values()
            case Items():
                pending += found.values
