"""Dockerfiles: what is built from, in which stage, who runs it, and what is copied when."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from integrations.policy.linting.findings import Finding
from integrations.policy.linting.forms import form_of, root_of
from integrations.policy.linting.hooks import check_pinned_tools, check_runner, is_package
from integrations.policy.linting.rules import finding
from integrations.policy.linting.scripts import INSTALLERS, INSTALLS, Role, Script, check_script
from integrations.policy.linting.shells import Call, Command, call_of, commands_of
from integrations.policy.linting.upload import Upload
from integrations.policy.linting.variables import IN_PROJECT, check_in_project, check_variable

INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)", re.DOTALL)
FLAG = re.compile(r"--[a-z]+(=\S+)?\s+")
PAIR = re.compile(r"([A-Za-z_]\w*)=(\"(?:[^\"\\]|\\.)*+\"|'[^']*+'|\S*)")
REFERENCE = re.compile(r"\$\{?(\w+)(?::-([^}]*))?\}?")
MINOR = re.compile(r"\d+\.\d+")
PYTHON_IMAGE = re.compile(r"(?:.*/)?python:3\.(\d+)")
ROOT = frozenset(["", "root", "0"])
ENVIRONMENT = re.compile(r"(^|/)\.?(v?env|virtualenvs?)(/|$)|site-packages|dist-packages")
MOST_INSTRUCTIONS = 2_000


@dataclass(frozen=True, kw_only=True)
class Instruction:
    line: int
    name: str  # "RUN"
    text: str  # Without flags; continued lines stay lines, so that numbers stay.
    flags: tuple[str, ...] = ()

    @cached_property
    def commands(self) -> list[Command]:
        """The shell of RUN, with lines of the file."""
        return commands_of(self.text, self.line)

    @cached_property
    def calls(self) -> list[Call]:
        return [call for call in map(call_of, self.commands) if call is not None]

    def flag(self, name: str) -> str:
        found = [flag for flag in self.flags if flag.startswith(f"--{name}=")]
        return found[0].partition("=")[2] if found else ""


@dataclass(kw_only=True)
class Stage:
    line: int
    image: str  # What FROM names, variables filled in.
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    @cached_property
    def environments(self) -> set[str]:
        """The paths at which environments are made."""
        return {
            word.rstrip("/")
            for each in self.instructions
            if each.name == "RUN"
            for call in each.calls
            if call.verb in {"-m venv", "venv"}
            for word in call.arguments
            if word.startswith("/")
        }


def instructions_of(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile; comments between continued lines are left out."""
    begun, parts = 0, [""]
    lines = text.splitlines()
    for number, raw in enumerate(lines, start=1):
        is_comment = raw.lstrip().startswith("#")
        if not begun and (is_comment or not raw.strip()):
            continue
        begun = begun or number
        if begun == number:
            parts = []
        parts.append("\\" if is_comment else raw)
        if (is_comment or raw.rstrip().endswith("\\")) and number < len(lines):
            continue
        if found := INSTRUCTION.match("\n".join(parts)):
            yield _instruction(begun, found[1].upper(), found[2])
        begun = 0


def _instruction(line: int, name: str, text: str) -> Instruction:
    flags = []
    while found := FLAG.match(text):
        flags.append(found[0].strip())
        rest = text[found.end() :]
        text = rest.lstrip("\\\n ")
        line += text_before(found[0], rest, text)
    return Instruction(line=line, name=name, text=text, flags=tuple(flags))


def text_before(flag: str, rest: str, text: str) -> int:
    """Count the lines that a flag and what continues it take."""
    return flag.count("\n") + rest[: len(rest) - len(text)].count("\n")


def stages_of(instructions: list[Instruction]) -> list[Stage]:
    arguments: dict[str, str] = {}
    found: list[Stage] = []
    for each in instructions:
        if each.name == "FROM":
            words = filled(each.text, arguments).split()
            named = words[2] if len(words) > 2 and words[1].lower() == "as" else ""  # noqa: PLR2004
            image = words[0] if words else ""
            found.append(Stage(line=each.line, image=image, name=named))
        elif found:
            found[-1].instructions.append(each)
        elif each.name == "ARG":
            name, _, value = each.text.partition("=")
            arguments[name.strip()] = value.strip().strip("\"'")
    return found


def filled(text: str, values: dict[str, str]) -> str:
    """Fill variables in; one that nothing sets becomes its default, or nothing."""
    return REFERENCE.sub(lambda found: values.get(found[1]) or found[2] or "", text)


def check_dockerfile(path: str, upload: Upload) -> Iterator[Finding]:
    text = upload.files[path]
    instructions = list(instructions_of(text))[:MOST_INSTRUCTIONS]
    stages = stages_of(instructions)
    if not stages:
        yield finding("structure", path, 1, "No FROM says what the image is built from.")
        return
    yield from _bases(path, stages)
    yield from _last(path, stages)
    for stage in stages:
        yield from _variables(path, stage)
        yield from _order(path, stage)
    yield from _moved(path, stages)
    yield from _runs(path, stages, upload)


# --- Images --------------------------------------------------------------------------------------
def _bases(path: str, stages: list[Stage]) -> Iterator[Finding]:
    names = {stage.name for stage in stages if stage.name}
    for stage in stages:
        if stage.image not in names and (told := _loose(stage.image)):
            yield finding("loose-image", path, stage.line, told)
        for each in stage.instructions:
            source = each.flag("from")
            if each.name != "COPY" or not source or source in names or source.isdecimal():
                continue
            if told := _loose(source):
                yield finding("loose-image", path, each.line, told)


def _loose(image: str) -> str:
    """Say what is wrong with the name of an image; "" if it names one."""
    if "@sha256:" in image or image == "scratch":
        return ""
    tag = image.rpartition("/")[2].partition(":")[2]
    if not tag:
        return f"{image or 'FROM'} has no tag, which means :latest."
    if tag == "latest" or not MINOR.search(tag):
        return f"{image} is another image after each release."
    return ""


def _last(path: str, stages: list[Stage]) -> Iterator[Finding]:
    last = stages[-1]
    if len(stages) == 1 and _installs(last):
        yield finding(
            "single-stage", path, last.line, "What builds the environment stays in the image."
        )
    users = [each for each in last.instructions if each.name == "USER"]
    user = users[-1].text.strip().partition(":")[0] if users else ""
    if user in ROOT:
        line = users[-1].line if users else last.line
        yield finding("root-user", path, line, "The application runs as root.")
    for each in last.instructions:
        if each.name in {"CMD", "ENTRYPOINT"}:
            yield from _command(path, each)


def _command(path: str, each: Instruction) -> Iterator[Finding]:
    try:
        words = json.loads(each.text)
    except (json.JSONDecodeError, RecursionError):
        words = None
    if not isinstance(words, list):
        yield finding(
            "shell-form", path, each.line, f"A shell stands between {each.name} and the program."
        )
        words = each.text.split()
    command = Command(line=each.line, words=tuple(map(str, words)), raw=each.text)
    call = call_of(command)
    if call is not None:
        yield from check_runner(path, call, {})


def _installs(stage: Stage) -> bool:
    return any(
        call.tool in INSTALLERS and call.verb in INSTALLS
        for each in stage.instructions
        if each.name == "RUN"
        for call in each.calls
    )


# --- What is set, and copied ---------------------------------------------------------------------
def _variables(path: str, stage: Stage) -> Iterator[Finding]:
    set_here = [each for each in stage.instructions if each.name in {"ENV", "ARG"}]
    values = dict(pair for each in set_here for pair in _pairs(each))
    for each in set_here:
        for name, value in _pairs(each):
            yield from check_variable(path, each.line, name, value)
            if name == IN_PROJECT:
                yield from check_in_project(path, each.line, values)


def _pairs(each: Instruction) -> list[tuple[str, str]]:
    pairs = [(name, value.strip("\"'")) for name, value in PAIR.findall(each.text)]
    if not pairs and each.name == "ENV":  # ENV NAME value, the older form.
        name, _, value = each.text.partition(" ")
        return [(name, value.strip())]
    return pairs


def _order(path: str, stage: Stage) -> Iterator[Finding]:
    """Yield code that is copied before what is locked is installed."""
    copied: Instruction | None = None
    for each in stage.instructions:
        words = each.text.split()
        if each.name in {"COPY", "ADD"} and not each.flag("from") and words[:1] in (["."], ["./"]):
            copied = copied or each
        elif each.name == "RUN" and copied is not None and _uses_lock(each):
            yield finding(
                "copied-first", path, copied.line, f"It comes before RUN in line {each.line}."
            )
            return


def _uses_lock(each: Instruction) -> bool:
    for call in each.calls:
        if call.verb not in INSTALLS or call.tool not in INSTALLERS:
            continue
        if call.tool in {"pipenv", "poetry"}:
            return True
        if call.tool == "uv" and not call.has("--no-editable"):  # The second layer has the code.
            return True
        if any(form_of(name) for name in call.values("-r", "--requirement")):
            return True
    return False


def _moved(path: str, stages: list[Stage]) -> Iterator[Finding]:
    names = {stage.name: stage for stage in stages if stage.name}
    names |= {str(number): stage for number, stage in enumerate(stages)}
    for stage in stages:
        for each in stage.instructions:
            source = names.get(each.flag("from"))
            words = each.text.split()
            if each.name != "COPY" or source is None or len(words) < 2:  # noqa: PLR2004
                continue
            target = words[-1].rstrip("/")
            for word in dict.fromkeys(words[:-1]):
                yield from _copy(path, each, word.rstrip("/"), target, (source, stage))


def _copy(
    path: str, each: Instruction, source: str, target: str, stages: tuple[Stage, Stage]
) -> Iterator[Finding]:
    origin, stage = stages
    is_made = source in origin.environments
    if not is_made and not ENVIRONMENT.search(source):
        return
    if source != target or "-packages" in source:
        yield finding(
            "moved-environment", path, each.line, f"{source} becomes {target} in another image."
        )
    if origin.image and stage.image and _python_of(origin, stage):
        yield finding(
            "other-base",
            path,
            each.line,
            f"{source} was made in {origin.image} and runs in {stage.image}.",
        )


def _python_of(origin: Stage, stage: Stage) -> bool:
    return stage.image not in {origin.image, origin.name}


# --- RUN -----------------------------------------------------------------------------------------
def _runs(path: str, stages: list[Stage], upload: Upload) -> Iterator[Finding]:
    for stage in stages:
        variables: dict[str, str] = {}
        commands: list[Command] = []
        for each in stage.instructions:
            if each.name in {"ENV", "ARG"}:
                variables.update(_pairs(each))
            elif each.name == "RUN" and not each.text.startswith("["):
                commands += each.commands
        script = Script(
            path=path,
            role=Role.IMAGE,
            commands=commands,
            variables=variables,
            is_package=is_package(upload, root_of(path)),
        )
        yield from check_script(script)
        found = PYTHON_IMAGE.match(stage.image)
        yield from check_pinned_tools(script, int(found[1]) if found else None)
