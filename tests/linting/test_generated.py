"""What the portal generates has no finding, whatever is chosen."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.policy.linting import Finding, Form, examine, lint
from portal.guidance.generating import Choice, generate
from portal.guidance.generating.choice import PLATFORMS, TOOLS, UPSUN_PYTHONS
from portal.guidance.generating.facts import CHECKED

Values = dict[str, Any]
ALWAYS: Values = {
    "application": "shop",
    "versions": {**CHECKED, "tox-uv": "1.37.1", "tox": "4.67.13"},
}
ONE_SET = {"main": ("django>=5.2",)}
THREE_SETS = {
    "main": ("django>=5.2", "gunicorn[gevent]>=27", 'tzdata; sys_platform == "win32"'),
    "dev": ("pytest>=8",),
    "docs": ("sphinx",),
}
REVIEWED = {
    "main": ("django==5.2.8", "gunicorn==27.0.1", "tzdata==2025.2 ; sys_platform == 'win32'"),
    "dev": ("pytest==8.4.2",),
    "docs": ("sphinx==8.2.3",),
}
HASHES = {
    pin.partition(" ;")[0]: (f"sha256:{number:064x}",)
    for number, pin in enumerate(itertools.chain.from_iterable(REVIEWED.values()))
}
# Every field of Choice stands here or above; what decides most differs last.
OPTIONS: Mapping[str, tuple[Any, ...]] = {
    "tool": TOOLS,
    "platform": PLATFORMS,
    "python": UPSUN_PYTHONS,
    "environment_path": (".venv", "/app/env", "build/env"),
    "start_command": ("gunicorn shop.wsgi:application", "uvicorn shop.asgi:app", "daphne s.a:app"),
    "pins": ({"gunicorn": "27.0.1"}, {}),
    "index_url": ("", "https://packages.example.org/simple/"),
    "is_django": (True, False),
    "test_command": ("", "python -m pytest -q tests"),
    "sets": (ONE_SET, THREE_SETS),
    "reviewed": ({}, REVIEWED),
    "hashes": ({}, HASHES),
    "default_index_url": ("https://index.example.org/simple/", ""),
    "base_image": ("", f"python:{{python}}-slim@sha256:{'0' * 64}"),
    "locks_tool": (False, True),
    "installs_pylock": (False, True),
    "cooldown_days": (0, 7),
}


def serves_as_usual(chosen: Values) -> bool:
    usual = ("environment_path", "start_command")
    return all(chosen[name] == OPTIONS[name][0] for name in usual)


# Where an option is about nothing, its first value stands for all; the sampled test knows better.
ABOUT: Mapping[str, Callable[[Values], bool]] = {
    "default_index_url": lambda chosen: (
        chosen["tool"] == "pipenv" and not chosen["index_url"] and bool(chosen["reviewed"])
    ),
    "pins": lambda chosen: chosen["start_command"].startswith("gunicorn"),
    "base_image": lambda chosen: chosen["platform"] == "docker",
    "hashes": lambda chosen: chosen["tool"] == "pipenv" and bool(chosen["reviewed"]),
    "installs_pylock": lambda chosen: chosen["tool"] == "pip",
    # They write the declaration and tox.ini, in which no server and no path is named.
    "test_command": serves_as_usual,
    "reviewed": serves_as_usual,
    "cooldown_days": serves_as_usual,
}


WAYS = list(itertools.product(TOOLS, PLATFORMS))


def about(name: str, chosen: Values) -> bool:
    return name not in ABOUT or ABOUT[name](chosen)


def files_of(chosen: Values) -> Mapping[str, str]:
    """Generate what was chosen; only sets that there are have been reviewed."""
    reviewed = {name: chosen["reviewed"].get(name, ()) for name in chosen["sets"]}
    image = chosen["base_image"].format(python=chosen["python"])
    values = {
        **ALWAYS,
        **chosen,
        "base_image": image,
        "installs_pylock": chosen["installs_pylock"] and chosen["tool"] == "pip",
        "reviewed": reviewed if chosen["reviewed"] else {},
    }
    return generate(Choice(**values)).files


def combinations(chosen: Values, names: list[str]) -> Iterator[Values]:
    """Yield all combinations of the options called *names*, behind those that are chosen."""
    if not names:
        yield chosen
        return
    name, *rest = names
    for value in OPTIONS[name] if about(name, chosen) else OPTIONS[name][:1]:
        yield from combinations({**chosen, name: value}, rest)


def test_every_field_of_a_choice_is_varied() -> None:
    assert {field.name for field in fields(Choice)} == {*ALWAYS, *OPTIONS}
    assert [name for name, values in OPTIONS.items() if len(values) < 2] == []


@given(chosen=st.fixed_dictionaries({name: st.sampled_from(v) for name, v in OPTIONS.items()}))
@settings(max_examples=250, deadline=None)
def test_generated_files_have_no_finding(chosen: Values) -> None:
    report = examine(files_of(chosen))

    assert report.findings == ()
    assert Form.TOX in report.read.values()
    assert len(report.read) >= 3


@pytest.mark.long
@pytest.mark.parametrize(("tool", "platform"), WAYS, ids=str)
def test_no_combination_at_all_has_a_finding(tool: str, platform: str) -> None:
    """
    Each file is looked at beside those that its rules look at, and each text once.

    Tens of thousands of combinations: those of options that write into no file in common are left
    to the sampled test.
    """
    seen: dict[frozenset[tuple[str, str]], list[Finding]] = {}
    first = {"tool": tool, "platform": platform}
    names = [name for name in OPTIONS if name not in first]
    for chosen in combinations(first, names):
        for group in groups_of(files_of(chosen)):
            key = frozenset(group.items())
            if key not in seen:
                seen[key] = lint(group)
                assert seen[key] == [], chosen
    assert len(seen) > 20


def groups_of(files: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """What rules look at together: declarations and locks; tox.ini; the files of the platform."""
    shared = {path: text for path, text in files.items() if path == "pyproject.toml"}
    declared = {
        path: text
        for path, text in files.items()
        if path.endswith((".in", ".txt", ".toml", ".lock")) or path == "Pipfile"
    }
    tox = {"tox.ini": files["tox.ini"]}
    others = {path: text for path, text in files.items() if path not in {**declared, **tox}}
    yield declared
    yield {**tox, **shared}
    yield {**others, **shared}
