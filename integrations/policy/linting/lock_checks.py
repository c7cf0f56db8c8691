"""What is wrong inside one lock: releases without hashes, and places that are no index."""

from collections.abc import Iterator
from typing import Any

from packaging.utils import canonicalize_name

from integrations.policy.linting.findings import Finding
from integrations.policy.linting.lockfiles import is_ours, pylock_hashes, uv_hashes
from integrations.policy.linting.lockfiles import lines_of_packages as lines_of
from integrations.policy.linting.reading import json_lines
from integrations.policy.linting.requirement_files import STRONG, tools_of_tests
from integrations.policy.linting.rules import finding
from integrations.policy.linting.upload import Upload, table, tables, texts


def check_pipfile_lock(path: str, upload: Upload) -> Iterator[Finding]:
    places = json_lines(upload.files[path])
    for category, entries in upload.jsons[path].items():
        if category == "_meta" or not isinstance(entries, dict):
            continue
        lines: dict[str, int] = {}
        for name, entry in entries.items():
            line = places.get((category, name), 0)
            lines[canonicalize_name(name)] = line
            if isinstance(entry, dict):
                yield from _pipenv_entry(path, line, name, entry)
        yield from tools_of_tests(path, lines, "main" if category == "default" else category)


def _pipenv_entry(path: str, line: int, name: str, entry: dict[str, Any]) -> Iterator[Finding]:
    if entry.get("editable"):
        yield finding("editable", path, line, f"{name} is an editable install.")
    elif "path" in entry:
        yield finding("local-path", path, line, f"{name} is a path of one machine.")
    elif {"git", "file", "hg", "svn"} & set(entry):
        yield finding("address", path, line, f"{name} comes from an address.")
    else:
        version = entry.get("version")
        if not isinstance(version, str) or not version.startswith("=="):
            yield finding("unpinned", path, line, f"{name} is not pinned to one version.")
        yield from _hashes(path, line, name, texts(entry, "hashes"))


def _hashes(path: str, line: int, name: str, hashes: list[str]) -> Iterator[Finding]:
    if not hashes:
        yield finding("unhashed", path, line, f"{name} has no hash.")
    elif not any(found.startswith(STRONG) for found in hashes):
        kind = hashes[0].partition(":")[0]
        yield finding("weak-hash", path, line, f'{name} has no hash but "{kind}".')


def check_poetry_lock(path: str, upload: Upload) -> Iterator[Finding]:
    lines = lines_of(upload.files[path], upload.tomls[path])
    for name, row in _packages(upload.tomls[path], "package"):
        line = lines.get(name, 0)
        match table(row, "source").get("type"):
            case "git" | "url":
                yield finding("address", path, line, f"{name} comes from an address.")
            case "directory" | "file":
                yield finding("local-path", path, line, f"{name} is a path of one machine.")
            case _:
                found = [str(each.get("hash", "")) for each in tables(row, "files")]
                yield from _hashes(path, line, name, found)
        if "main" in texts(row, "groups"):
            yield from tools_of_tests(path, {name: line}, "main")


def check_uv_lock(path: str, upload: Upload) -> Iterator[Finding]:
    content = upload.tomls[path]
    lines = lines_of(upload.files[path], content)
    members = set(texts(content, "manifest", "members"))
    for name, row in _packages(content, "package"):
        line, source = lines.get(name, 0), table(row, "source")
        if {"git", "url"} & set(source):
            yield finding("address", path, line, f"{name} comes from an address.")
        elif {"path", "directory"} & set(source):
            yield finding("local-path", path, line, f"{name} is a path of one machine.")
        elif is_ours(row):
            place = source.get("virtual", source.get("editable"))
            if place != "." and name not in members:
                yield finding("editable", path, line, f"{name} is an editable install.")
        elif not uv_hashes(row):
            yield finding("unhashed", path, line, f"{name} has no hash.")
        else:
            yield from _hashes(path, line, name, uv_hashes(row))


def check_pylock(path: str, upload: Upload) -> Iterator[Finding]:
    content = upload.tomls[path]
    lines = lines_of(upload.files[path], content, "packages")
    named: dict[str, int] = {}
    for name, row in _packages(content, "packages"):
        line = named[name] = lines.get(name, 0)
        if "vcs" in row:
            yield finding("address", path, line, f"{name} comes from a repository.")
        elif "directory" in row:
            yield finding("local-path", path, line, f"{name} is a path of one machine.")
        else:
            yield from _hashes(path, line, name, pylock_hashes(row))
    yield from tools_of_tests(path, named)


def _packages(content: dict[str, Any], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in tables(content, key):
        if isinstance(row.get("name"), str):
            yield canonicalize_name(row["name"]), row
