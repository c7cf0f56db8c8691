"""
Expand ``{py3.8,py3.9}-httpx-v{0.16,0.20}`` as tox does, within bounds.

tox has no braces inside of braces. People write them all the same, as their shell takes them, so
they are expanded here; :func:`is_nested` tells.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from matrix.rules.facts import Python

MOST = 5_000  # Names of one expression. The largest known file has 838 in all.
MOST_CONDITIONS = 1_000  # Of one line.
DEEPEST = 20  # Braces inside of braces.
LONGEST = 2_000  # Characters of one name.
# What tox 4 puts for the missing end of an open range such as {10-}.
FIRST_MINOR, LAST_MINOR = 11, 15
MOST_DIGITS = 4  # Of the ends of a range: {1-999999999} is not a range of Pythons.
RANGE = re.compile(
    r"(?<![\w.-])(?P<first>\d+)-(?P<last>\d*)(?=[,}])|(?<=[{,])-(?P<until>\d+)(?=[,}])",
    re.ASCII,
)
FACTOR = re.compile(r"(?:!?(?:[\w.*?\]\[]|(?<=\[)!)+)?")
ALTERNATIVES = re.compile(r"\{([^{},]*)(?:,[^{}]*)?\}")  # Innermost braces.
CONDITION_END = re.compile(r":(?=\s|$)")
PYTHON = re.compile(r"(?:py|python)3\.?(0|[1-9][0-9]?)(t?)", re.ASCII)


class NotGenerative(ValueError):
    """A text that names no environments. The message is a sentence without its place."""


class TooMany(NotGenerative):
    """A text that names more environments than anybody means."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One way to fulfil the condition of a line: the factors that must be there, and must not."""

    wanted: frozenset[str]
    refused: frozenset[str]

    @classmethod
    def of(cls, name: str) -> "Condition":
        factors = name.split("-")
        return cls(
            frozenset(factor for factor in factors if not factor.startswith("!")),
            frozenset(factor[1:] for factor in factors if factor.startswith("!")),
        )


def expand(text: str, *, most: int = MOST) -> list[str]:
    """Return the names that *text* stands for, in tox's order; raises NotGenerative."""
    parts = _parts(_without_ranges(text, most))
    # An empty name, which {,} stands for too, is no environment to tox.
    return [name for part in parts for name in _names(part, most) if name]


def conditions(text: str, *, most: int = MOST_CONDITIONS) -> list[Condition]:
    return [Condition.of(name) for name in expand(text, most=most)]


def first_name(condition: str) -> str:
    """Return *condition* with the first alternative in place of each pair of braces."""
    while (reduced := ALTERNATIVES.sub(r"\1", condition)) != condition:
        condition = reduced
    return condition


def _is_name(text: str) -> bool:
    try:
        expand(text)
    except NotGenerative:
        return False
    return True


def split_condition(line: str) -> tuple[str | None, str]:
    """
    Return the condition of a line and what it is for: ``("httpx", "pytest-httpx")``.

    As in tox, a text that could not be a condition belongs to the rest: ``HOME=/a: b``.
    """
    if (found := CONDITION_END.search(line)) is None:
        return None, line
    condition = line[: found.start()].strip()
    try:
        expand(condition, most=MOST_CONDITIONS)
    except TooMany:
        # A condition all the same, when its first name is one; whoever expands it is told.
        if not _is_name(first_name(condition)):
            return None, line
    except NotGenerative:
        return None, line
    return condition, line[found.end() :].strip()


def python_of(factor: str) -> Python | None:
    """Read ``py3.9``, ``py39`` or ``py3.14t``; None for anything else, ``py27`` and ``py`` too."""
    found = PYTHON.fullmatch(factor)
    return Python(int(found[1]), bool(found[2])) if found else None


def is_nested(text: str) -> bool:
    """Tell whether braces stand inside of braces, which tox itself refuses."""
    return re.search(r"\{[^}]*\{", text) is not None


def _without_ranges(text: str, most: int) -> str:
    def numbers(found: re.Match[str]) -> str:
        ends = found["first"], found["last"], found["until"]
        if any(end and len(end) > MOST_DIGITS for end in ends):
            raise TooMany(f'"{found[0]}" is too large a range.')
        first = int(found["first"] or FIRST_MINOR)
        last = int(found["until"] or found["last"] or LAST_MINOR)
        is_closed = bool(found["first"] and found["last"])
        if first > last and not is_closed:  # An end beyond what tox knows stands for itself.
            return str(first if found["first"] else last)
        step = 1 if first <= last else -1
        if abs(last - first) >= most:
            raise TooMany(f'"{found[0]}" is too large a range.')
        return ",".join(map(str, range(first, last + step, step)))

    return RANGE.sub(numbers, text)


def _parts(text: str) -> list[str]:
    """Split at the commas that no brace encloses."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0 or depth > DEEPEST:
            raise NotGenerative(_unbalanced(text) if depth < 0 else "The braces nest too deeply.")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    if depth:
        raise NotGenerative(_unbalanced(text))
    return [part.strip() for part in parts if part.strip()]


def _unbalanced(text: str) -> str:
    return f'"{shortened(text)}" has a brace too few or too many.'


def _names(part: str, most: int) -> Iterator[str]:
    pieces = list(_pieces(part, most))
    count, length = 1, 0
    for piece in pieces:
        count *= len(piece)
        length += max(map(len, piece))
        if count > most or length > LONGEST:
            raise TooMany(
                f'"{shortened(part)}" stands for more than {most:,} names. Write fewer braces.'
            )
    for choice in itertools.product(*pieces):
        name = "".join(choice)
        if not all(FACTOR.fullmatch(factor) for factor in name.split("-")):
            raise NotGenerative(
                f'"{shortened(name)}" is not the name of an environment. '
                'Use letters, digits, "_" and ".", joined by dashes.'
            )
        yield name


def _pieces(part: str, most: int) -> Iterator[list[str]]:
    """Yield for each stretch of *part* the texts that may stand there."""
    start = depth = 0
    for position, character in enumerate(part):
        if character == "{":
            depth += 1
            if depth == 1:
                yield [part[start:position].strip()]
                start = position + 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                yield _alternatives(part[start:position], most)
                start = position + 1
    yield [part[start:].strip()]


def _alternatives(inside: str, most: int) -> list[str]:
    if not inside:
        raise NotGenerative("There is nothing between { and }.")
    if "{" not in inside:
        return [text.strip() for text in inside.split(",")]
    return [name for part in _parts(inside) for name in _names(part, most)]


def shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
