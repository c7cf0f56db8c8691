"""The files in which an application declares what it needs, for each tool."""

import json
from collections.abc import Iterable, Iterator

from packaging.requirements import Requirement

from portal.guidance.generating.choice import Choice


def declaration_files(choice: Choice) -> dict[str, str]:
    """Return the declaration by path: requirement files, a Pipfile or a pyproject.toml."""
    if choice.tool in {"pip", "pip-tools"}:
        return {f"requirements/{name}.in": _in_file(choice, name) for name in choice.sets}
    if choice.tool == "pipenv":
        return {"Pipfile": "\n".join(_pipfile(choice)) + "\n"}
    return {"pyproject.toml": "\n".join(_pyproject(choice)) + "\n"}


def _in_file(choice: Choice, name: str) -> str:
    lines = ["-c main.txt"] if name != "main" else []
    return "".join(f"{line}\n" for line in [*lines, *choice.sets[name]])


def _pipfile(choice: Choice) -> Iterator[str]:
    if choice.index_url:
        yield from ("[[source]]", 'name = "index"', f"url = {_text(choice.index_url)}")
        yield from ("verify_ssl = true", "")
    yield from ("[requires]", f"python_version = {_text(choice.python)}")
    for name, requirements in choice.sets.items():
        heading = {"main": "packages", "dev": "dev-packages"}.get(name, name)
        yield from ("", f"[{heading}]")
        yield from map(_pipfile_entry, requirements)


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
        parts.append(f"markers = {_text(str(requirement.marker))}")
    return f"{requirement.name} = {{{', '.join(parts)}}}"


def _pyproject(choice: Choice) -> Iterator[str]:
    yield from ("[project]", f"name = {_text(choice.application)}", 'version = "0"')
    yield f"requires-python = {_text(f'>={choice.python}')}"
    yield from _list("dependencies", choice.sets["main"])
    if choice.others:
        yield from ("", "[dependency-groups]")
        for name in choice.others:
            yield from _list(name, choice.sets[name])
    if choice.tool == "poetry":
        # Else the build fails where the application is no package of its own name.
        yield from ("", "[tool.poetry]", "package-mode = false")
        if choice.index_url:
            yield from ("", "[[tool.poetry.source]]", 'name = "index"')
            yield from (f"url = {_text(choice.index_url)}", 'priority = "primary"')
    else:
        yield from ("", "[tool.uv]", "package = false")
        if choice.index_url:
            yield from ("", "[[tool.uv.index]]", 'name = "index"')
            yield from (f"url = {_text(choice.index_url)}", "default = true")


def _list(name: str, requirements: Iterable[str]) -> Iterator[str]:
    entries = [f"    {_text(text)}," for text in requirements]
    yield from (f"{name} = [", *entries, "]") if entries else (f"{name} = []",)


def _text(text: str) -> str:
    """Write a basic string of TOML; JSON escapes what TOML escapes."""
    return json.dumps(text, ensure_ascii=False)
