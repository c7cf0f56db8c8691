"""
As much YAML as workflows need, written so that every reader of YAML finds the same values.

Readers of YAML 1.1 take ``on``, ``3.10`` and ``1e3`` for something else than text: whatever is not
plainly a word stands in double quotes, as JSON writes it, or as a literal block of several lines.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

Node = str | int | Sequence["Node"] | Mapping[str, "Node"]

# Letters first: nothing that begins like this is a number, a date or an indicator.
PLAIN = re.compile(r"(?:\./\.?)?[A-Za-z_][A-Za-z0-9_./@-]*(?: [A-Za-z0-9_./@-]+)*")
SPECIAL_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
MARKER = re.compile(r"\s*[#;]+\s*(BEGIN|END)\s+GENERATED")  # Would begin or end a region.
LAST_OF_FOUR_DIGITS = 0xFFFF


def yaml_lines(node: Node) -> list[str]:
    """Return the lines of a mapping or a list in block style, without indentation."""
    if isinstance(node, Mapping):
        return [line for key, value in node.items() for line in _entry(f"{scalar(key)}:", value)]
    if isinstance(node, str | int):
        return [scalar(node)]
    return [line for value in node for line in _item(value)]


def scalar(value: str | int) -> str:
    """Write one value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if PLAIN.fullmatch(value) and value.lower() not in SPECIAL_WORDS:
        return value
    return quoted(value)


def quoted(text: str) -> str:
    r"""
    Quote *text* as JSON does, and escape what does not print: "\u2028", "\U000e0001".

    What JSON would fill with back slashes stands in single quotes, which change nothing inside.
    """
    if "'" not in text and text.isprintable() and ('"' in text or "\\" in text):
        return f"'{text}'"
    return "".join(map(_printable, json.dumps(text, ensure_ascii=False)))


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= LAST_OF_FOUR_DIGITS else f"\\U{code:08x}"


def _entry(head: str, value: Node) -> Iterator[str]:
    if isinstance(value, str) and _is_block(value):
        yield f"{head} {'|' if value.endswith(chr(10)) else '|-'}"
        yield from _indented(value.removesuffix("\n").split("\n"))
    elif isinstance(value, str | int):
        yield f"{head} {scalar(value)}"
    elif not value:
        yield f"{head} {'{}' if isinstance(value, Mapping) else '[]'}"
    else:
        yield head
        yield from _indented(yaml_lines(value))


def _item(value: Node) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        first, *rest = yaml_lines(value)
        yield f"- {first}"
        yield from _indented(rest)
    else:
        yield from _entry("-", value)


def _indented(lines: Sequence[str]) -> Iterator[str]:
    return (f"  {line}" if line else "" for line in lines)


def _is_block(text: str) -> bool:
    """Tell whether *text* has several lines, and a literal block would keep every one of them."""
    lines = text.removesuffix("\n").split("\n")
    return (
        "\n" in text
        and bool(lines[0] and lines[-1])
        and not lines[0].startswith(" ")
        and all(line.isprintable() and line == line.rstrip() for line in lines)
        and not any(map(MARKER.match, lines))
    )
