"""Files with few rules: .environment, tox.ini, shell scripts, pyproject.toml, Pipfile."""

import re
from collections.abc import Iterator

from integrations.catalogue.validators import quoted
from integrations.policy.linting.findings import Finding, Unreadable
from integrations.policy.linting.forms import Form, root_of
from integrations.policy.linting.hooks import check_strict, is_package
from integrations.policy.linting.ini import Section, read_ini
from integrations.policy.linting.platforms import variables_in
from integrations.policy.linting.reading import TomlLines, string_lines
from integrations.policy.linting.requirement_files import ADDRESS, TEST_TOOLS, parsed
from integrations.policy.linting.rules import finding
from integrations.policy.linting.scripts import INSTALLERS, INSTALLS, Role, Script, check_script
from integrations.policy.linting.shells import commands_of
from integrations.policy.linting.upload import Upload, table, texts
from integrations.policy.linting.variables import check_uses, check_variable

# --- .environment --------------------------------------------------------------------------------
PRINTS = frozenset(["echo", "printf", "cat", "ls", "pwd", "env", "which", "type"])
BASHISMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\[\["), "[["),
    (re.compile(r"^[ \t]*source\s"), "source"),
    (re.compile(r"^[ \t]*function\s"), "function"),
    (re.compile(r"^[ \t]*(declare|typeset|let|shopt|pushd|popd)\s"), "a command of bash"),
    (re.compile(r"^[ \t]*(export[ \t]+)?\w+\+?=\("), "an array"),
    (re.compile(r"\+="), "+="),
    (re.compile(r"\[ [^]]* == "), "== in a test"),
    (re.compile(r"&>|<\(|<<<"), "a redirection of bash"),
    (re.compile(r"\$\{\w+(/|\^|,|:\d|\[)"), "an expansion of bash"),
    (re.compile(r"(^|[^$])\(\("), "(( ))"),
    (re.compile(r"\{\w+\.\.\w+\}"), "a brace expansion"),
)
LONGEST_LINE = 2_000  # Characters that are looked at.


def check_environment(path: str, upload: Upload) -> Iterator[Finding]:
    text = upload.files[path]
    yield from _bashisms(path, text)
    known = _variables_of(upload, path)
    for command in commands_of(text):
        if command.words[:1] and command.words[0] in PRINTS and ">" not in command.raw:
            yield finding("prints", path, command.line, f"{command.words[0]} prints.")
        if command.words[:2] == ("set", "-x"):
            yield finding("prints", path, command.line, "set -x prints each command.")
        for name, value in command.assigned.items():
            yield from check_variable(path, command.line, name, value)
        yield from check_uses(path, command.line, command.raw, known)
        known |= set(command.assigned)


def _bashisms(path: str, text: str) -> Iterator[Finding]:
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw[:LONGEST_LINE]
        if line.lstrip().startswith("#"):
            continue
        for pattern, what in BASHISMS:
            if pattern.search(line):
                yield finding("bashism", path, number, f"dash does not know {what}.")
                break


def _variables_of(upload: Upload, path: str) -> set[str]:
    """Return the names that the configuration beside *path* sets, whichever application it is."""
    return {
        name
        for other, node in upload.yamls.items()
        if root_of(other) == root_of(path)
        for name in variables_in(node)
    }


# --- Scripts -------------------------------------------------------------------------------------
def check_shell(path: str, upload: Upload) -> Iterator[Finding]:
    script = Script(
        path=path,
        role=Role.SCRIPT,
        commands=commands_of(upload.files[path]),
        is_package=is_package(upload, root_of(path)),
    )
    if any(call.tool in INSTALLERS and call.verb in INSTALLS for call in script.calls):
        yield from check_strict(script, path.rpartition("/")[2])
    yield from check_script(script)
    if upload.files[path].startswith(("#!/bin/sh", "#!/usr/bin/env sh")):
        yield from _bashisms(path, upload.files[path])


# --- tox.ini -------------------------------------------------------------------------------------
def check_tox(path: str, upload: Upload) -> Iterator[Finding]:
    try:
        sections = read_ini(upload.files[path], is_strict=False)
    except Unreadable as error:
        yield finding("unreadable", path, error.line, f"It is not INI: {error}")
        return
    for name, section in sections.items():
        # What stands in DEFAULT counts for each section, and is told once.
        if name in {"tox", "DEFAULT"} or name.startswith("testenv"):
            yield from _section(path, upload, section)


def _section(path: str, upload: Upload, section: Section) -> Iterator[Finding]:
    runner = section.text("runner")
    if section.text("dependency_groups") and "lock" not in runner:
        line = section.line_of("dependency_groups")
        yield finding("tox-unlocked", path, line, "dependency_groups resolves anew on each run.")
    if section.text("pylock") and runner.startswith("uv"):
        line = section.line_of("pylock")
        yield finding("tox-pylock", path, line, f"The runner {runner} cannot install pylock files.")
    for key in ("deps", "requires"):
        loose = [each for each in map(_loose, section.text(key).splitlines()) if each]
        if loose:
            line = section.line_of(key)
            more = f", and {len(loose) - 1} more" if len(loose) > 1 else ""
            yield finding("tox-unlocked", path, line, f"{quoted(loose[0])} is not pinned{more}.")
    for key in ("commands_pre", "commands"):
        line = section.line_of(key) or section.line
        script = Script(
            path=path,
            role=Role.TOX,
            commands=commands_of(section.text(key).lstrip("\n"), line + 1),
            is_package=is_package(upload, root_of(path)),
        )
        yield from check_script(script)


def _loose(line: str) -> str:
    """Return a dependency that can be several releases; "" for anything else."""
    written = line.partition(" #")[0].strip()
    written = written.rpartition(": ")[2] if ": " in written else written
    found = parsed(written) if written and not written.startswith(("-", "#", "{")) else None
    if found is None or found.url or any(one.operator in {"==", "==="} for one in found.specifier):
        return ""
    return written


# --- Declarations in TOML ------------------------------------------------------------------------
def check_pyproject(path: str, upload: Upload) -> Iterator[Finding]:
    content, text = upload.tomls[path], upload.files[path]
    lines = TomlLines(text)
    line = lines.of("project", "dependencies")
    strings = string_lines(text, line)
    for each in texts(content, "project", "dependencies"):
        yield from _declared(path, strings.get(each, line), each)
    for name, wanted in table(content, "tool", "poetry", "dependencies").items():
        at = lines.of("tool.poetry.dependencies", name)
        yield from _source(path, at, name, wanted)
        if TEST_TOOLS.fullmatch(name.lower()):
            yield finding("test-tool", path, at, f"{name} is among what production installs.")
    for name, wanted in table(content, "tool", "uv", "sources").items():
        yield from _source(path, lines.of("tool.uv.sources", name), name, wanted)
    loose = [
        each
        for each in texts(content, "build-system", "requires")
        if (found := parsed(each)) and not any(one.operator == "==" for one in found.specifier)
    ]
    if loose and _has_lock(upload, path):
        at = lines.of("build-system", "requires")
        yield finding("build-backend", path, at, f"{quoted(loose[0])} is not pinned.")


def _has_lock(upload: Upload, path: str) -> bool:
    """Whether this is an application, which is locked, and no library."""
    return any(upload.near(path, form) for form in (Form.POETRY_LOCK, Form.UV_LOCK, Form.PYLOCK))


def _declared(path: str, line: int, text: str) -> Iterator[Finding]:
    found = parsed(text)
    if found is None:
        yield finding("unreadable", path, line, f"{quoted(text)} is not a requirement.")
    elif found.url and ADDRESS.match(found.url):
        yield finding("address", path, line, f"{quoted(text)} comes from an address.")
    elif found.url:
        yield finding("local-path", path, line, f"{quoted(text)} is a path of one machine.")
    elif TEST_TOOLS.fullmatch(found.name.lower()):
        yield finding("test-tool", path, line, f"{found.name} is among what production installs.")


def _source(path: str, line: int, name: str, wanted: object) -> Iterator[Finding]:
    keys = set(wanted) if isinstance(wanted, dict) else set()
    if {"git", "url"} & keys:
        yield finding("address", path, line, f"{name} comes from an address.")
    elif {"path", "file"} & keys:
        yield finding("local-path", path, line, f"{name} is a path of one machine.")


def check_pipfile(path: str, upload: Upload) -> Iterator[Finding]:
    content, lines = upload.tomls[path], TomlLines(upload.files[path])
    for heading, values in content.items():
        if heading in {"source", "requires", "scripts", "pipenv"} or not isinstance(values, dict):
            continue
        for name, wanted in values.items():
            line = lines.of(heading, name)
            yield from _source(path, line, name, wanted)
            if heading == "packages" and TEST_TOOLS.fullmatch(name.lower()):
                yield finding("test-tool", path, line, f"{name} is among what production installs.")


def check_poetry_toml(path: str, upload: Upload) -> Iterator[Finding]:
    wanted, lines = table(upload.tomls[path], "virtualenvs"), TomlLines(upload.files[path])
    if wanted.get("create") is not False:
        return
    line = lines.of("virtualenvs", "create")
    yield finding("no-virtualenv", path, line, "virtualenvs.create is false.")
    if wanted.get("in-project") is True:
        line = lines.of("virtualenvs", "in-project")
        yield finding("no-virtualenv", path, line, "in-project makes no .venv beside it.")
