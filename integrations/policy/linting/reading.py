"""Reading TOML and JSON that nobody vouches for: bounded in size, depth and the length of keys."""

import json
import re
import tomllib
from typing import Any

from integrations.policy.linting.findings import Unreadable

MOST_CHARACTERS = 4_000_000  # Of one file; the largest locks in use are half of that.
DEEPEST = 60  # Tables in tables; pyproject.toml and locks need six.
LONGEST_NUMBER = 400  # Digits; no version, size or date has more.
# A string that is never closed reaches to the end: what is left is looked at once.
JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
TOML_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)'
    r"|'''(?:[^']|'(?!''))*+(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*+"?'
    r"|'[^'\n]*+'?"
    r"|#[^\n]*+",
    re.DOTALL,
)
BRACKET = re.compile(r"[\[\]{}\n]")
LONG_NUMBER = re.compile(rf"[0-9_]{{{LONGEST_NUMBER},}}")
LONG_KEY = re.compile(rf"(?<![\w\"'-])(?:[\w\"'-]++\s*+\.\s*+){{{DEEPEST},}}")
AT = re.compile(r" \(at line (\d+), column \d+\)$")


def read_toml(text: str) -> dict[str, Any]:
    """Return the tables of *text*; raises Unreadable with the line."""
    bare = TOML_STRING.sub(_blank, text)
    _check_bare(bare)
    if found := LONG_KEY.search(text):
        raise Unreadable(
            f"A key has more than {DEEPEST} parts, which no file needs.",
            line=_line(text, found.start()),
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
        at = AT.search(reason)
        line = int(at[1]) if at else len(text.splitlines())
        raise Unreadable(f"It is not TOML: {AT.sub('', reason)}.", line=line) from error
    except (RecursionError, ValueError) as error:
        raise Unreadable("It is not TOML that any tool reads.") from error


def read_json(text: str) -> tuple[dict[str, Any], str]:
    """Return the object of *text*, and a key that some object has twice, else ""."""
    _check_bare(JSON_STRING.sub(_blank, text))
    twice: list[str] = []

    def take(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                twice.append(key)
            found[key] = value
        return found

    try:
        content = json.loads(text, object_pairs_hook=take)
    except json.JSONDecodeError as error:
        raise Unreadable(f"It is not JSON: {error.msg}.", line=error.lineno) from error
    except (RecursionError, ValueError) as error:
        raise Unreadable("It is not JSON that any tool reads.") from error
    if not isinstance(content, dict):
        raise Unreadable("It holds no object.", line=1)
    return content, (twice or [""])[0]


def _blank(match: re.Match[str]) -> str:
    """Leave nothing of a string but its line ends: numbers of lines stay."""
    return "\n" * match[0].count("\n")


def _check_bare(bare: str) -> None:
    """Refuse what takes a parser more than the file is worth; *bare* has no strings."""
    depth, line = 0, 1
    for found in BRACKET.finditer(bare):
        match found[0]:
            case "\n":
                line += 1
            case "[" | "{":
                depth += 1
                if depth > DEEPEST:
                    raise Unreadable(
                        f"It is nested more than {DEEPEST} levels deep, which no file needs.",
                        line=line,
                    )
            case _:
                depth = max(0, depth - 1)
    if number := LONG_NUMBER.search(bare):
        raise Unreadable(
            f"It holds a number of more than {LONGEST_NUMBER} digits, which no file needs.",
            line=_line(bare, number.start()),
        )


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


# --- Where something stands ----------------------------------------------------------------------
HEADER = re.compile(r"\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}")
LONGEST_HEADER = 300
JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}:\n]', re.DOTALL)


def toml_line(text: str, table: str, key: str = "", *, nth: int = 0) -> int:
    """
    Return the line of *key* in *table*, else that of the table, else 0.

    *nth* counts tables of that name, from 0: the packages of a lock.
    """
    seen, header = -1, 0
    inside = table == ""
    wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]") if key else None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("[") and (found := HEADER.match(line[:LONGEST_HEADER])):
            name = found[1].replace('"', "").replace("'", "").replace(" ", "")
            if name == table:
                seen += 1
                header = number if seen == nth else header
            inside = (name == table and seen == nth) or (inside and name.startswith(f"{table}."))
        elif inside and wanted and wanted.match(line):
            return number
    return header


def json_lines(text: str) -> dict[tuple[str, str], int]:
    """Return the line of each key of the objects in the outermost one: ("default", "six")."""
    found: dict[tuple[str, str], int] = {}
    depth, line, last, outer = 0, 1, "", ""
    for token in JSON_TOKEN.finditer(text):
        match token[0]:
            case "\n":
                line += 1
            case "{" | "[":
                depth += 1
            case "}" | "]":
                depth -= 1
            case ":" if depth == len(["outer"]):
                outer = last
                found[outer, ""] = line
            case ":" if depth == len(["outer", "inner"]):
                found[outer, last] = line
            case string:
                last = string[1:-1]
                line += string.count("\n")
    return found
