"""Hooks and start commands of Upsun: a hook is one script, and the tree is read-only after it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from integrations.policy.linting.findings import Finding
from integrations.policy.linting.forms import Form, root_of
from integrations.policy.linting.rules import finding
from integrations.policy.linting.scripts import INSTALLERS, INSTALLS, Role, Script, check_script
from integrations.policy.linting.shells import Call, call_of, commands_of
from integrations.policy.linting.tools import check_age
from integrations.policy.linting.upload import Upload, table
from integrations.policy.linting.variables import YES, check_uses

STRICT = re.compile(r"-[a-z]*e[a-z]*")
WRITES = ("collectstatic", "compilemessages", "compress")
SERVICES = ("migrate", "createcachetable", "loaddata", "flush")
CHECKS = frozenset(
    [("pipenv", "verify"), ("poetry", "check"), ("pip", "check"), ("uv pip", "check")]
)
PINNED_TOOL = re.compile(r"(pip|pipenv)==([\w.]+)")
ENDINGS = (".ini", ".conf", ".cfg", ".toml", ".py", ".txt", ".json", ".yaml", ".yml")
RUNNERS = frozenset(["uv", "pipenv", "poetry"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """A script in the configuration of an application, or a command that starts it."""

    path: str
    name: str
    role: Role
    text: str
    line: int  # Of its first line.
    variables: Mapping[str, str] = field(default_factory=dict)
    mounts: set[str] = field(default_factory=set)
    python: int | None = None  # The 13 of 3.13.
    root: str = ""


def is_package(upload: Upload, root: str) -> bool:
    """Whether Poetry would install the application itself: package-mode is not false."""
    return not any(
        table(upload.tomls[path], "tool", "poetry").get("package-mode") is False
        for path in upload.of(Form.PYPROJECT)
        if root_of(path) == root
    )


def check_hook(hook: Hook, upload: Upload) -> Iterator[Finding]:
    script = Script(
        path=hook.path,
        role=hook.role,
        commands=commands_of(hook.text, hook.line),
        variables=hook.variables,
        is_package=is_package(upload, hook.root),
    )
    yield from check_strict(script, hook.name)
    yield from check_script(script)
    yield from check_pinned_tools(script, hook.python)
    if hook.role is Role.BUILD:
        yield from _build(script)
    else:
        yield from _deploy(script, hook)


def check_strict(script: Script, name: str) -> Iterator[Finding]:
    """Yield a script of several commands that does not begin with ``set -e``."""
    commands = [command for command in script.commands if command.words]
    if len(commands) < len(["one", "another"]):
        return
    first = commands[0].words
    if first[0] != "set" or not any(STRICT.fullmatch(word) for word in first[1:]):
        yield script.found(
            "no-set-e", commands[0], f"The failure of all but the last command of {name} is lost."
        )


def check_pinned_tools(script: Script, python: int | None) -> Iterator[Finding]:
    for command in script.commands:
        for tool, version in PINNED_TOOL.findall(command.raw):
            yield from check_age(script.path, command.line, tool, version, python)


def _build(script: Script) -> Iterator[Finding]:
    for call in script.calls:
        if call.tool == "python" and call.verb.startswith("manage.py "):
            verb = call.verb.split()[1]
            if verb in SERVICES:
                yield script.found(
                    "services-in-build", call.command, f"{verb} needs a database in the build."
                )
    yield from _pip_user(script)


def _pip_user(script: Script) -> Iterator[Finding]:
    calls = [c for c in script.calls if c.tool == "pip" and c.verb == "install"]
    inside = [c for c in calls if "/bin/" in c.command.words[0]]
    if inside and "PIP_USER" not in script.assigned:
        yield script.found(
            "pip-user", inside[0].command, "Where PIP_USER is set, pip refuses an environment."
        )


def _deploy(script: Script, hook: Hook) -> Iterator[Finding]:
    for call in script.calls:
        if (call.tool, call.verb) in CHECKS:
            yield script.found(
                "check-too-late", call.command, f"When {call.told} fails, the deployment goes on."
            )
        what = _written(call)
        if what and not _has_mount(hook.mounts, what):
            yield script.found(
                "writes-in-deploy", call.command, f"{what} writes to a tree that is read-only."
            )


def _written(call: Call) -> str:
    if call.tool in INSTALLERS and call.verb in INSTALLS and not call.has("--dry-run"):
        return call.told
    words = call.verb.split()
    return words[1] if len(words) > 1 and words[1] in WRITES else ""


def _has_mount(mounts: set[str], what: str) -> bool:
    return what == "collectstatic" and any("static" in name for name in mounts)


# --- What serves ---------------------------------------------------------------------------------
def check_start(hook: Hook, upload: Upload, *, is_unix: bool | None) -> Iterator[Finding]:
    """Yield what is wrong with a start command; *is_unix*: its socket, None where it has none."""
    commands = commands_of(hook.text, hook.line)
    for command in commands:
        yield from check_uses(hook.path, command.line, command.raw, set(hook.variables))
        call = call_of(command)
        if call is not None:
            yield from check_runner(hook.path, call, hook.variables)
    if is_unix is not None:
        yield from _socket(hook, is_unix=is_unix)
    yield from _elsewhere(hook, upload)


def check_runner(path: str, call: Call, variables: Mapping[str, str]) -> Iterator[Finding]:
    """Yield ``uv run`` and its like where the application is served."""
    if call.tool not in RUNNERS or call.verb != "run":
        return
    line = call.command.line
    yield finding("tool-at-start", path, line, f"{call.told} stands before the program.")
    has_cache = "UV_CACHE_DIR" in variables or variables.get("UV_NO_CACHE", "").lower() in YES
    if call.tool == "uv" and not has_cache and not call.has("--no-cache", "-n"):
        yield finding(
            "uv-run-read-only", path, line, "uv run cannot make its cache on a read-only tree."
        )
    if call.tool != "uv" and call.arguments[:1] and call.arguments[0].startswith("-"):
        yield finding(
            "no-program", path, line, f'No program stands between run and "{call.arguments[0]}".'
        )


def _socket(hook: Hook, *, is_unix: bool) -> Iterator[Finding]:
    wrong, right = ("PORT", "SOCKET") if is_unix else ("SOCKET", "PORT")
    if re.search(rf"\$\{{?{wrong}\b", hook.text):
        family = "unix" if is_unix else "tcp"
        yield finding(
            "port-or-socket",
            hook.path,
            hook.line,
            f"With the socket family {family} there is {right} and no {wrong}.",
        )


def _elsewhere(hook: Hook, upload: Upload) -> Iterator[Finding]:
    """Yield files of a command that stand in another folder of the upload."""
    prefix = f"{hook.root}/" if hook.root else ""
    places: dict[str, str] = {}
    for path in upload.files:
        places.setdefault(path.rpartition("/")[2], path)
    for name in dict.fromkeys(hook.text.split()):
        is_file = "/" in name and name[0] not in "-/$." and name.endswith(ENDINGS)
        if not is_file or f"{prefix}{name}" in upload.files:
            continue
        if other := places.get(name.rpartition("/")[2]):
            text = f"{name} is not there, but {other} is."
            yield finding("path-elsewhere", hook.path, hook.line, text)
