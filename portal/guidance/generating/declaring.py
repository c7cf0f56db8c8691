"""The files in which an application declares what it needs, for each tool."""

import json
from collections.abc import Iterable, Iterator, Sequence

from packaging.requirements import Requirement

from portal.guidance.generating.agreeing import (
    HEADINGS,
    Pin,
    binding,
    in_single_quotes,
    one_of_each,
    pipfile_lock,
    writes_pipfile_lock,
)
from portal.guidance.generating.choice import REVIEWED, CannotGenerate, Choice
from portal.guidance.generating.cooling import days, waits


def declaration_files(choice: Choice) -> dict[str, str]:
    """Return the declaration by path: requirement files, a Pipfile or a pyproject.toml."""
    if REVIEWED in choice.sets:
        raise CannotGenerate(
            f'The set "{REVIEWED}" is called as the group that holds what was reviewed. Rename it.'
        )
    if choice.tool in {"pip", "pip-tools"}:
        return {f"requirements/{name}.in": _in_file(choice, name) for name in choice.sets}
    if choice.tool == "pipenv":
        return {"Pipfile": "\n".join(_pipfile(choice)) + "\n"}
    files = {"pyproject.toml": "\n".join(_pyproject(choice)) + "\n"}
    if choice.tool == "poetry" and waits(choice):
        files["poetry.toml"] = f"[solver]\nmin-release-age = {choice.cooldown_days}\n"
    return files


def written_locks(choice: Choice) -> dict[str, str]:
    """Return the locks that are written here because their tool would make others."""
    if choice.tool != "pipenv" or not writes_pipfile_lock(choice):
        return {}
    return {"Pipfile.lock": pipfile_lock(choice, declaration_files(choice)["Pipfile"])}


def _in_file(choice: Choice, name: str) -> str:
    lines = ["-c main.txt"] if name != "main" else []
    return "".join(f"{line}\n" for line in [*lines, *choice.sets[name]])


def _pipfile(choice: Choice) -> Iterator[str]:
    is_bound = writes_pipfile_lock(choice)
    # The hash in the lock counts the index: without one here each machine has its own.
    if url := choice.index_url or (choice.default_index_url if is_bound else ""):
        yield from ("[[source]]", 'name = "index"', f"url = {_text(url)}")
        yield from ("verify_ssl = true", "")
    yield from ("[requires]", f"python_version = {_text(choice.python)}")
    if waits(choice):
        yield from ("", "[pipenv]", f'cool-down-period = "{choice.cooldown_days}d"')
    for name, requirements in choice.sets.items():
        yield from ("", f"[{HEADINGS.get(name, name)}]")
        yield from map(_pipfile_entry, requirements)
    if is_bound:
        pins = one_of_each(map(Pin.read, binding(choice)), choice)
        yield from ("", "# What was reviewed: installed by nobody, pipenv lock has to agree.")
        yield from (f"[{REVIEWED}]", *(_pipfile_entry(str(pin)) for pin in pins.values()))


def _pipfile_entry(text: str) -> str:
    """``requests = {version = ">=2", extras = ["socks"]}``; a plain one is a text."""
    requirement = Requirement(text)
    version = str(requirement.specifier) or "*"
    if not requirement.extras and not requirement.marker:
        return f"{requirement.name} = {_text(version)}"
    parts = [f"version = {_text(version)}"]
    if requirement.extras:
        parts.append(f"extras = [{', '.join(map(_text, sorted(requirement.extras)))}]")
    if requirement.marker:
        parts.append(f"markers = {_text(in_single_quotes(str(requirement.marker)))}")
    return f"{requirement.name} = {{{', '.join(parts)}}}"


def _pyproject(choice: Choice) -> Iterator[str]:
    pins = binding(choice)
    yield from ("[project]", f"name = {_text(choice.application)}", 'version = "0"')
    yield f"requires-python = {_text(_pythons(choice))}"
    yield from _list("dependencies", choice.sets["main"])
    in_group = pins if choice.tool == "poetry" else ()
    if choice.others or in_group:
        yield from ("", "[dependency-groups]")
        for name in choice.others:
            yield from _list(name, choice.sets[name])
    if in_group:
        yield "# What was reviewed: installed by nobody, poetry lock has to agree."
        yield from _list(REVIEWED, in_group)
    yield from _poetry(choice, pins) if choice.tool == "poetry" else _uv(choice, pins)


def _pythons(choice: Choice) -> str:
    """Poetry resolves for all that is named; a project that ends at a Python would be refused."""
    below = f",<3.{choice.minor + 1}" if choice.tool == "poetry" else ""
    return f">={choice.python}{below}"


def _poetry(choice: Choice, pins: Sequence[str]) -> Iterator[str]:
    # Else the build fails where the application is no package of its own name.
    yield from ("", "[tool.poetry]", "package-mode = false")
    if pins:
        yield from ("", f"[tool.poetry.group.{REVIEWED}]", "optional = true")
    if choice.index_url:
        yield from ("", "[[tool.poetry.source]]", 'name = "index"')
        yield from (f"url = {_text(choice.index_url)}", 'priority = "primary"')


def _uv(choice: Choice, pins: Sequence[str]) -> Iterator[str]:
    yield from ("", "[tool.uv]", "package = false")
    if waits(choice):
        yield f'exclude-newer = "{days(choice)}"'
    if pins:
        yield "# What was reviewed: uv lock has to agree."
        yield from _list("constraint-dependencies", pins)
    if choice.index_url:
        yield from ("", "[[tool.uv.index]]", 'name = "index"')
        yield from (f"url = {_text(choice.index_url)}", "default = true")


def _list(name: str, requirements: Iterable[str]) -> Iterator[str]:
    entries = [f"    {_text(text)}," for text in requirements]
    yield from (f"{name} = [", *entries, "]") if entries else (f"{name} = []",)


def _text(text: str) -> str:
    """Write a basic string of TOML; JSON escapes what TOML escapes."""
    return json.dumps(text, ensure_ascii=False)
