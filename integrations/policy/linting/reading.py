"""Reading TOML and JSON that nobody vouches for: bounded in size, depth and the length of keys."""

import json
import re
import tomllib
from typing import Any

from integrations.policy.linting.findings import Unreadable

MOST_CHARACTERS = 4_000_000  # Of one file; the largest locks in use are half of that.
DEEPEST = 60  # Tables in tables; pyproject.toml and locks need six.
LONGEST_KEY = 16  # Parts of a dotted key.
MOST_TABLES = 50_000  # Headers and dots of keys: each becomes a table; a large lock has 5,000.
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
LONG_NUMBER = re.compile(rf"(?:0x)?[0-9_]{{{LONGEST_NUMBER},}}|0x[0-9a-fA-F_]{{{LONGEST_NUMBER},}}")
# Of text without its strings; a part that is quoted has left nothing but its dot.
LONG_KEY = re.compile(rf"(?<![\w \t-])(?:[\w-]*+[ \t]*+\.[ \t]*+){{{LONGEST_KEY},}}")
TABLE = re.compile(r"\.|^[ \t]*+\[", re.MULTILINE)
# One of the two halves of a character without the other; behind a back slash it is none.
HALF = re.compile(
    r"(?<!\\)\\u(?:[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u)[dD][c-fC-F][0-9a-fA-F]{2})"
)
AT = re.compile(r" \(at line (\d+), column \d+\)$")


def read_toml(text: str) -> dict[str, Any]:
    """Return the tables of *text*; raises Unreadable with the line."""
    bare = TOML_STRING.sub(_blank, text)
    _check_bare(bare)
    if found := LONG_KEY.search(bare):
        raise Unreadable(
            f"A key has more than {LONGEST_KEY} parts, which no file needs.",
            line=_line(bare, found.start()),
        )
    if sum(1 for _ in TABLE.finditer(bare)) > MOST_TABLES:
        raise Unreadable(f"It has more than {MOST_TABLES:,} tables, which no file needs.")
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
    if found := HALF.search(text):
        raise Unreadable("It holds half a character.", line=_line(text, found.start()))
    twice: list[str] = []

    def take(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        taken: dict[str, Any] = {}
        for key, value in pairs:
            if key in taken:
                twice.append(key)
            taken[key] = value
        return taken

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
KEY = re.compile(r"\s*(?:\"([^\"]*)\"|'([^']*)'|([\w-]+))\s*[.=]")
JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}:\n]', re.DOTALL)


class TomlLines:
    """The lines of a TOML file at which tables and their keys stand; read once for all of them."""

    def __init__(self, text: str) -> None:
        self._found: dict[tuple[str, str], int] = {}
        table = ""
        for number, line in enumerate(text.splitlines(), start=1):
            if line.lstrip().startswith("[") and (header := HEADER.match(line[:LONGEST_HEADER])):
                table = header[1].replace('"', "").replace("'", "").replace(" ", "")
                self._found.setdefault((table, ""), number)
                above, _, last = table.rpartition(".")
                self._found.setdefault((above, last), number)
            elif key := KEY.match(line):
                self._found.setdefault((table, key[1] or key[2] or key[3] or ""), number)

    def of(self, table: str, key: str = "") -> int:
        """Return the line of *key* in *table*, else that of the table, else 0."""
        return self._found.get((table, key)) or self._found.get((table, ""), 0)


def string_lines(text: str, start: int) -> dict[str, int]:
    """Return the first line, from *start* on, of each string of a TOML file as it is written."""
    found: dict[str, int] = {}
    line, at = 1, 0
    for match in TOML_STRING.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        if line >= start:
            found.setdefault(match[0].strip("\"'"), line)
    return found


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
