"""What is wrong with the installation in a shell script, whatever runs the script."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property

from integrations.policy.linting.findings import Finding
from integrations.policy.linting.forms import is_for_developers
from integrations.policy.linting.requirement_files import parsed
from integrations.policy.linting.rules import finding
from integrations.policy.linting.shells import Call, Command, call_of
from integrations.policy.linting.variables import (
    CREATE,
    IN_PROJECT,
    NO,
    YES,
    check_in_project,
    check_uses,
    check_variable,
)

OUTSIDE = frozenset(["echo", "printf", "exit", "cd", "set", "export", "test", "[", ":", "true"])
INSTALLERS = frozenset(["pip", "uv pip", "pipenv", "poetry", "uv", "pip-sync"])
INSTALLS = frozenset(["install", "sync"])
TOOL_NAMES = re.compile(
    r"(pip|setuptools|wheel|pipenv|poetry|uv|pdm|hatch|tox|pip-tools)(\[.*\])?", re.IGNORECASE
)
SHELL_VALUE = re.compile(r"\$\{?\w+")
LONGEST_QUOTE = 60  # Characters of a command in a sentence.


class Role(Enum):
    """Who runs a script, and when."""

    BUILD = auto()  # A hook: its failure stops the deployment.
    DEPLOY = auto()  # A hook whose failure stops nothing, on a tree that cannot be written to.
    IMAGE = auto()  # The RUN lines of a Dockerfile.
    TOX = auto()
    SCRIPT = auto()


@dataclass(kw_only=True)
class Script:
    """Commands in the order in which they run."""

    path: str
    role: Role
    commands: list[Command]
    variables: Mapping[str, str] = field(default_factory=dict)  # That something else sets.
    is_package: bool = True  # Poetry would install the application itself.

    @cached_property
    def calls(self) -> list[Call]:
        return [found for found in map(call_of, self.commands) if found is not None]

    @cached_property
    def assigned(self) -> dict[str, str]:
        found = dict(self.variables)
        for command in self.commands:
            found.update(command.assigned)
        return found

    def is_on(self, name: str) -> bool:
        return self.assigned.get(name, "").lower() in YES

    def before(self, call: Call) -> list[Call]:
        return self.calls[: self.position(call)]

    def position(self, call: Call) -> int:
        return next(number for number, one in enumerate(self.calls) if one is call)

    def found(self, rule: str, command: Command, text: str) -> Finding:
        return finding(rule, self.path, command.line, text)


def check_script(script: Script) -> Iterator[Finding]:
    """Yield the findings of every rule about installing, in the order of the lines."""
    known = set(script.variables)
    for command in script.commands:
        for name, value in command.assigned.items():
            yield from check_variable(script.path, command.line, name, value)
            if name == IN_PROJECT:
                yield from check_in_project(script.path, command.line, script.assigned)
        known |= set(command.assigned)
        yield from check_uses(script.path, command.line, command.raw, known)
        yield from _joined(script, command)
    for call in script.calls:
        checker = CHECKERS.get(call.tool)
        if checker is not None:
            yield from checker(script, call)
        yield from _locking(script, call)
    yield from _one_after_the_other(script)


def _joined(script: Script, command: Command) -> Iterator[Finding]:
    """Yield operators behind which a failure is lost."""
    matters = command.words[:1] and command.words[0] not in OUTSIDE
    if command.joined_by == "|" and matters:
        yield script.found("pipe", command, f'What "{_short(command.raw)}" answers is lost.')
    call = call_of(command)
    if call is None or call.tool not in INSTALLERS:
        return
    if command.joined_by == "||":
        yield script.found(
            "lost-failure", command, f'The script goes on when "{_short(command.raw)}" fails.'
        )
    elif command.joined_by == ";" and script.role is Role.IMAGE:
        yield script.found(
            "lost-failure", command, f'RUN goes on when "{_short(command.raw)}" fails.'
        )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_QUOTE else f"{line[: LONGEST_QUOTE - 1]}…"


# --- pip -----------------------------------------------------------------------------------------
VALUES = frozenset(
    [
        "-r",
        "--requirement",
        "-c",
        "--constraint",
        "-e",
        "--editable",
        "--group",
        "--python",
        "-t",
        "--target",
        "--prefix",
        "--root",
        "-f",
        "--find-links",
        "-i",
        "--index-url",
        "--extra-index-url",
        "--no-binary",
        "--only-binary",
        "--cache-dir",
        "--report",
        "--build-constraint",
        "--progress-bar",
        "--timeout",
        "--retries",
        "--trusted-host",
        "--upgrade-strategy",
        "--python-version",
        "--platform",
        "--implementation",
        "--abi",
        "--src",
        "--log",
        "--proxy",
        "--cert",
        "-p",
        "--default-index",
        "--index",
        "--exclude-newer",
        "--link-mode",
    ]
)


def _pip(script: Script, call: Call) -> Iterator[Finding]:
    if call.verb not in INSTALLS or call.has("--dry-run"):
        return
    files = call.values("-r", "--requirement")
    if call.verb == "sync":
        files = [word for word in call.arguments if word.endswith((".txt", ".toml"))]
    has_hashes = call.has("--require-hashes") or any(
        script.is_on(name) for name in ("PIP_REQUIRE_HASHES", "UV_REQUIRE_HASHES")
    )
    locks = [name for name in files if not name.rpartition("/")[2].startswith("pylock")]
    if locks and not has_hashes:
        yield script.found(
            "no-require-hashes",
            call.command,
            f"{call.told} -r {locks[0]} takes requirements without hashes, if there are any.",
        )
    for name in files:
        if is_for_developers(name) and script.role is not Role.TOX:
            yield script.found(
                "development-in-production", call.command, f"{name} is not for production."
            )
    yield from _pip_packages(script, call, _packages(call))
    if call.values("-e", "--editable") and script.role is not Role.TOX:
        yield script.found("editable", call.command, "An editable install points to the source.")
    yield from _pip_checks(script, call, files)


def _packages(call: Call) -> list[str]:
    found, skip = [], False
    for word in call.arguments:
        if skip or word.startswith("-"):
            skip = not skip and word in VALUES
            continue
        found.append(word)
    return [] if call.verb == "sync" else found


def _pip_packages(script: Script, call: Call, packages: list[str]) -> Iterator[Finding]:
    for word in packages:
        if word.endswith((".whl", ".tar.gz")) or word.startswith((">", "2>", "<", "&")):
            continue
        if word.startswith((".", "/")) or SHELL_VALUE.match(word):
            if not call.has("--no-deps") and script.role is not Role.TOX:
                yield script.found(
                    "unlocked-install",
                    call.command,
                    f"{call.told} {word} takes whatever the application asks for, newest first.",
                )
            continue
        name, _, version = word.partition("==")
        is_exact = bool(version) and not version.endswith("*")
        if is_exact or not (parsed(word) or TOOL_NAMES.fullmatch(name)):
            continue
        is_tool = TOOL_NAMES.fullmatch(re.split(r"[<>=!~]", name)[0])
        rule = "tool-unpinned" if is_tool else "unlocked-install"
        yield script.found(rule, call.command, f"{call.told} {word} takes the newest that fits.")


def _pip_checks(script: Script, call: Call, files: list[str]) -> Iterator[Finding]:
    if not files or script.role is Role.TOX:
        return
    position = script.position(call)
    later = script.calls[position:]
    if call.has("--no-deps") and not any(c.told in {"pip check", "uv pip check"} for c in later):
        yield script.found(
            "no-pip-check", call.command, "--no-deps installs a lock that lacks a release."
        )
    made = [c for c in script.before(call) if c.verb == "-m venv" and not c.has("--clear")]
    if made and script.role is not Role.IMAGE:
        yield script.found(
            "venv-not-cleared",
            made[-1].command,
            "What an earlier build installed stays, and its hashes are not compared.",
        )


def _one_after_the_other(script: Script) -> Iterator[Finding]:
    """Yield a second file that pip installs without a look at the first."""
    seen: list[str] = []
    for call in script.calls:
        if call.tool not in {"pip", "uv pip"} or call.verb != "install" or call.has("--dry-run"):
            continue
        files = call.values("-r", "--requirement")
        is_layer = any(is_for_developers(name) for name in [*seen, *files])
        if seen and files and files != seen and is_layer and not call.has("-c", "--constraint"):
            yield script.found(
                "one-after-the-other",
                call.command,
                f"{files[0]} is installed after {seen[0]}: what both pin is replaced in silence.",
            )
        seen = seen or files


# --- Pipenv --------------------------------------------------------------------------------------
def _pipenv(script: Script, call: Call) -> Iterator[Finding]:
    if call.has("--system"):
        yield script.found(
            "no-virtualenv", call.command, f"{call.told} --system installs into the interpreter."
        )
    if call.verb in INSTALLS and call.has("--dev", "-d") and script.role is not Role.TOX:
        yield script.found(
            "development-in-production", call.command, f"{call.told} --dev takes [dev-packages]."
        )
    if call.verb == "install" and not call.has("--deploy"):
        yield script.found(
            "pipenv-install", call.command, "pipenv install without --deploy takes a stale lock."
        )
    earlier = {(c.tool, c.verb) for c in script.before(call)}
    if call.verb == "sync" and ("pipenv", "verify") not in earlier:
        yield script.found(
            "pipenv-unverified", call.command, "pipenv sync alone installs a stale lock."
        )


# --- Poetry --------------------------------------------------------------------------------------
def _poetry(script: Script, call: Call) -> Iterator[Finding]:
    if call.verb == "config" and call.arguments[:2] == ("virtualenvs.create", "false"):
        yield script.found("no-virtualenv", call.command, "virtualenvs.create is false.")
    if call.verb not in INSTALLS:
        return
    earlier = [c for c in script.before(call) if c.tool == "poetry" and c.verb == "check"]
    if not any(c.has("--lock") for c in earlier):
        yield script.found(
            "poetry-unchecked",
            call.command,
            f"{call.told} makes a lock where there is none, and installs it.",
        )
    is_main = call.has("--without", "--no-dev") or "main" in ",".join(call.values("--only"))
    if script.role is not Role.TOX and not (is_main or call.has("--only-root")):
        yield script.found(
            "development-in-production", call.command, f"{call.told} takes every group."
        )
    if call.verb == "sync" and script.assigned.get(CREATE, "").strip().lower() in NO:
        yield script.found(
            "no-virtualenv",
            call.command,
            f"{call.told} removes from the interpreter what Poetry itself needs.",
        )
    if script.is_package and not call.has("--no-root"):
        yield script.found(
            "poetry-root",
            call.command,
            f"{call.told} installs the application itself, and ends if it is no package.",
        )


# --- uv ------------------------------------------------------------------------------------------
NO_DEV = ("--no-dev", "--no-default-groups", "--no-group", "--only-group")


def _uv(script: Script, call: Call) -> Iterator[Finding]:
    if call.verb in {"sync", "run", "export"} and call.has("--frozen"):
        yield script.found("uv-frozen", call.command, f"{call.told} --frozen takes a stale lock.")
    elif call.verb == "sync" and not (call.has("--locked", "--check") or _uv_is_on(script)):
        yield script.found(
            "uv-unlocked", call.command, "uv sync without --locked makes the lock anew."
        )
    if call.verb != "sync" or script.role is Role.TOX:
        return
    wanted = [name for name in call.values("--group") if is_for_developers(f"{name}.txt")]
    if wanted or call.has("--dev", "--all-groups"):
        yield script.found(
            "development-in-production", call.command, f"{call.told} takes groups of developers."
        )
    elif not call.has(*NO_DEV) and not script.is_on("UV_NO_DEV"):
        yield script.found(
            "development-in-production", call.command, "uv sync takes the group dev by itself."
        )


def _uv_is_on(script: Script) -> bool:
    return script.is_on("UV_LOCKED") or script.is_on("UV_FROZEN")


# --- Locking where only installing belongs -------------------------------------------------------
LOCKING = {
    "pip": ("lock", "freeze"),
    "pipenv": ("lock", "update", "upgrade"),
    "poetry": ("lock", "update", "add"),
    "uv": ("lock", "add"),
    "uv pip": ("compile",),
    "pip-compile": ("",),
}


def _locking(script: Script, call: Call) -> Iterator[Finding]:
    if call.verb not in LOCKING.get(call.tool, ()) or call.has("--check", "--locked"):
        return
    yield script.found(
        "lock-in-build", call.command, f"{call.told} decides about versions while it installs."
    )


CHECKERS: Mapping[str, Callable[[Script, Call], Iterator[Finding]]] = {
    "pip": _pip,
    "uv pip": _pip,
    "pipenv": _pipenv,
    "poetry": _poetry,
    "uv": _uv,
}
