"""
A second reader of a rendered tox.ini, as small as the rules of tox for factors allow.

``tests/rendering`` proves that tox itself says the same of one large file; this one is quick enough
for laws over thousands of small ones.
"""

import itertools
import re
from configparser import ConfigParser


def environments(text: str) -> list[str]:
    lines = _value(text, "tox", "env_list")
    return [name for line in lines for name in _expanded(line)]


def setting_of(text: str, setting: str, environment: str) -> list[str]:
    """Return the lines of ``[testenv] setting`` that hold for *environment*."""
    found = []
    for line in _value(text, "testenv", setting):
        condition, colon, content = line.partition(": ")
        if not colon:
            found.append(line)
        elif any(_holds(name, environment) for name in _expanded(condition)):
            found.append(re.sub(r"\\(.)", r"\1", content))
    return found


def _value(text: str, section: str, setting: str) -> list[str]:
    parser = ConfigParser(interpolation=None)
    parser.read_string(text)
    return [line for line in parser[section][setting].splitlines() if line]


def _expanded(line: str) -> list[str]:
    pieces = [piece.split(",") for piece in re.split(r"[{}]", line)]
    return ["".join(choice) for choice in itertools.product(*pieces)]


def _holds(condition: str, environment: str) -> bool:
    factors = set(environment.split("-"))
    return all(
        factor[1:] not in factors if factor.startswith("!") else factor in factors
        for factor in condition.split("-")
    )
