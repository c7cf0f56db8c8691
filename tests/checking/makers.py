"""Files as publications have them, and the editions that they are compared with."""

import hashlib
from collections.abc import Mapping

from matrix.rules.checking.comparing import judge
from matrix.rules.checking.judging import Edition, Report
from matrix.rules.checking.reading import marks_of, read_file
from matrix.rules.parts import IntegrationPart, LayoutPart
from matrix.rules.rendering import TOX_INI, render_files
from tests.support.parts import a_layout, a_part, a_row, everywhere

OLD = "0.27.2"
NEW = "0.28.1"
FRAME = """\
[tox]
env_list =
    # BEGIN GENERATED: envlist
    # END GENERATED: envlist
[testenv]
deps =
    pytest
    # BEGIN GENERATED: deps
    # END GENERATED: deps
commands = pytest {posargs}
"""


def parts(version: str = NEW) -> list[IntegrationPart]:
    """Two integrations; the release of one of them is *version*."""
    rows = [a_row("0.16.1", "3.9"), a_row(version, "3.9 3.12")]
    httpx = a_part("httpx", rows=rows, requirements=[everywhere("pytest-asyncio", rows)])
    return [httpx, a_part("redis", rows=[a_row("5.0")], group="Data")]


def layout(frame: str = FRAME) -> LayoutPart:
    return a_layout("Network", "Data", frame=frame, sdk="kit")


def a_file(version: str = NEW, frame: str = FRAME) -> str:
    return render_files(layout(frame), parts(version))[TOX_INI]


def editions(*texts: str) -> tuple[list[Edition], Mapping[str, str]]:
    """*texts* as publications, the oldest first; the last one is current."""
    contents = {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}
    found = [
        Edition(
            number=number,
            is_current=number == len(texts),
            content=hashlib.sha256(text.encode()).hexdigest(),
            marks=marks_of(text),
        )
        for number, text in enumerate(texts, start=1)
    ]
    return found[::-1], contents


def judged(text: str, *published: str, path: str = "tox.ini") -> Report:
    """Return the report on *text* beside publications 1 to n; by default of both versions."""
    found, contents = editions(*(published or (a_file(OLD), a_file(NEW))))
    current = len(found) or None
    file = read_file(text, path)
    return judge(file, found, sdk="kit", current=current, read=contents.__getitem__)
