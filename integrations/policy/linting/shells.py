"""Reading shell as far as installations need it: commands with their lines, and what joins them."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
RESERVED = frozenset(
    ["if", "then", "else", "elif", "fi", "do", "done", "while", "until", "{", "}", "!", "time"]
)
# Programs that start another one: their own options and assignments are skipped.
WRAPPERS = frozenset(["exec", "command", "sudo", "nice", "nohup", "env"])
HEREDOC = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?")
# Options in front of a verb that take a value of their own.
VALUED: Mapping[str, frozenset[str]] = {
    "pip": frozenset(["--python", "--cache-dir", "--proxy", "--log", "--cert", "--timeout"]),
    "uv": frozenset(["--directory", "--project", "--cache-dir", "--config-file", "--color"]),
    "poetry": frozenset(["-C", "--directory", "-P", "--project"]),
    "pipenv": frozenset(["--python", "--pypi-mirror"]),
}
# What stands for itself, outside of quotes and in them: looked at as a whole.
PLAIN = re.compile(r"[^\\'\"`$()#\s;&|]+")
QUOTED = {quote: re.compile(rf"[^\\\n{quote}]+") for quote in "'\"`"}
WORD = re.compile(r"[^ \t\r\n]+")
QUOTES = re.compile(r"['\"\\]")
MOST_COMMANDS = 2_000  # Of one script; what follows is not looked at.
PIP = re.compile(r"pip[\d.]*")
PYTHON = re.compile(r"python[\d.]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One simple command."""

    line: int  # Of the file.
    words: tuple[str, ...]  # Without quotes; "$NAME" stays as it is.
    raw: str
    assigned: Mapping[str, str] = field(default_factory=dict)  # In front of it, or exported by it.
    joined_by: str = ""  # What follows it: newline, ;, &&, ||, |, &.


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A packaging tool that is called: ``.venv/bin/python -m pip install`` is pip install."""

    tool: str  # "pip", "uv pip", "pipenv", "poetry", "uv", "python", or any other program.
    verb: str  # "install", "sync", "-m venv", "manage.py migrate"; "" where there is none.
    arguments: tuple[str, ...]  # Behind the verb.
    command: Command

    def has(self, *options: str) -> bool:
        """Whether one of *options* is given, alone or as ``--option=value``."""
        return any(
            word == option or (option.startswith("--") and word.startswith(f"{option}="))
            for word in self.arguments
            for option in options
        )

    def values(self, *options: str) -> list[str]:
        """Return what is given to *options*: ``-r main.txt``, ``--requirement=main.txt``."""
        found = []
        for number, word in enumerate(self.arguments):
            name, equals, value = word.partition("=")
            if word in options and number + 1 < len(self.arguments):
                found.append(self.arguments[number + 1])
            elif equals and name in options:
                found.append(value)
            else:
                found += [word[2:] for one in options if _is_short(one) and _sticks(word, one)]
        return found

    @property
    def told(self) -> str:
        """The call as people say it: ``pip install``."""
        return f"{self.tool} {self.verb}".strip()


def _is_short(option: str) -> bool:
    return len(option) == len("-r") and option[0] == "-"


def _sticks(word: str, option: str) -> bool:
    return word.startswith(option) and len(word) > len(option) and not word.startswith("--")


def commands_of(text: str, first_line: int = 1) -> list[Command]:
    """Return the simple commands of *text*; its first line is *first_line* of the file."""
    found: list[Command] = []
    for line, raw, joined_by in _pieces(text, first_line):
        command = _command(line, raw, joined_by)
        if command.words or command.assigned:
            found.append(command)
        if len(found) == MOST_COMMANDS:  # The rules look back from each command.
            break
    return found


def _pieces(text: str, first_line: int) -> Iterator[tuple[int, str, str]]:
    """Yield the text between operators, with its line and the operator behind it."""
    reader = _Reader(text, first_line)
    while reader.position < len(text):
        yield reader.piece()


class _Reader:
    """Goes over shell once."""

    def __init__(self, text: str, line: int) -> None:
        self.text, self.line, self.position = text, line, 0
        self.heredocs: list[str] = []

    def piece(self) -> tuple[int, str, str]:
        written: list[str] = []
        begun, quote, depth = 0, "", 0
        while self.position < len(self.text):
            if found := (QUOTED[quote] if quote else PLAIN).match(self.text, self.position):
                begun = begun or self.line
                self.position = found.end()
                written.append(found[0])
                continue
            here = self.text[self.position]
            following = self.text[self.position + 1 : self.position + 2]
            if here == "\\" and quote != "'":
                self._take(written, here + following if following != "\n" else " ", 2)
                continue
            if quote:
                quote = "" if here == quote else quote
            elif here in "'\"`":
                quote = here
            elif step := _nesting(here, following, depth):
                depth += step
            elif not depth:
                if here == "#" and (not written or written[-1][-1:].isspace()):
                    self._skip_comment()
                    continue
                if operator := self._operator(here, following, written):
                    return begun or self.line, "".join(written), self._end(operator, written)
            begun = begun or (self.line if not here.isspace() else 0)
            self._take(written, here, 1)
        return begun or self.line, "".join(written), "\n"

    def _take(self, written: list[str], what: str, length: int) -> None:
        self.line += self.text.count("\n", self.position, self.position + length)
        self.position += length
        written.append(what)

    def _skip_comment(self) -> None:
        end = self.text.find("\n", self.position)
        self.position = len(self.text) if end < 0 else end

    def _operator(self, here: str, following: str, written: list[str]) -> str:
        before = written[-1][-1:] if written else ""
        if here == "&" and (before in {">", "<"} or following == ">"):
            return ""
        if here in "&|;" and following == here:
            return here * 2
        return here if here in "\n;&|" else ""

    def _end(self, operator: str, written: list[str]) -> str:
        self.position += len(operator)
        if found := HEREDOC.search("".join(written)):
            self.heredocs.append(found[1])
        if operator == "\n":
            self.line += 1
            while self.heredocs:
                self._skip_heredoc(self.heredocs.pop(0))
        return operator

    def _skip_heredoc(self, word: str) -> None:
        while self.position < len(self.text):
            end = self.text.find("\n", self.position)
            end = len(self.text) if end < 0 else end
            line = self.text[self.position : end].strip()
            self.position, self.line = end + 1, self.line + 1
            if line == word:
                return


def _nesting(here: str, following: str, depth: int) -> int:
    """Return 1 where ``$(`` begins, -1 where it ends."""
    if here == "$" and following == "(":
        return 1
    return -1 if here == ")" and depth else 0


def _command(line: int, raw: str, joined_by: str) -> Command:
    words = _words(raw.strip().lstrip("(").rstrip(")") if "$(" not in raw else raw.strip())
    while words and words[0] in RESERVED:
        words = words[1:]
    assigned: dict[str, str] = {}
    while words and (found := ASSIGNMENT.fullmatch(words[0])):
        assigned[found[1]] = found[2]
        words = words[1:]
    if words and words[0] in {"export", "readonly", "local"}:
        for word in words[1:]:
            if found := ASSIGNMENT.fullmatch(word):
                assigned[found[1]] = found[2]
    return Command(
        line=line, words=tuple(words), raw=raw.strip(), assigned=assigned, joined_by=joined_by
    )


def _words(raw: str) -> list[str]:
    if not QUOTES.search(raw):
        return WORD.findall(raw)
    try:
        return shlex.split(raw)
    except ValueError:  # A quote that is never closed: the shell would say so too.
        return raw.split()


def call_of(command: Command) -> Call | None:
    """Return what *command* calls; None where it only assigns."""
    words = list(command.words)
    while words and words[0].rpartition("/")[2] in WRAPPERS:
        words = words[1:]
        while words and (words[0].startswith("-") or ASSIGNMENT.fullmatch(words[0])):
            words = words[1:]
    if not words:
        return None
    program, rest = words[0].rpartition("/")[2], words[1:]
    if PYTHON.fullmatch(program):
        return _python(rest, command)
    if PIP.fullmatch(program):
        program = "pip"
    return _tool(program, rest, command)


def _python(words: list[str], command: Command) -> Call:
    while words and words[0].startswith("-") and words[0] not in {"-m", "-c"}:
        words = words[1:]
    if words[:1] == ["-m"] and len(words) > 1:
        if words[1] in {"pip", "pipenv", "poetry", "uv"}:
            return _tool(words[1], words[2:], command)
        return _call("python", f"-m {words[1]}", words[2:], command)
    if words and words[0].endswith(".py") and len(words) > 1:
        script = words[0].rpartition("/")[2]
        return _call("python", f"{script} {words[1]}", words[2:], command)
    return _call("python", "", words, command)


def _tool(program: str, words: list[str], command: Command) -> Call:
    valued = VALUED.get(program)
    if valued is None:
        return _call(program, "", words, command)
    front: list[str] = []
    while words and words[0].startswith("-"):
        taken = 2 if words[0] in valued and len(words) > 1 else 1
        front += words[:taken]
        words = words[taken:]
    verb, rest = (words[0], words[1:]) if words else ("", [])
    if program == "uv" and verb == "pip":
        return _tool_of_uv(rest, command)
    return _call(program, verb, [*rest, *front], command)


def _tool_of_uv(words: list[str], command: Command) -> Call:
    return _call("uv pip", words[0] if words else "", words[1:], command)


def _call(tool: str, verb: str, words: list[str], command: Command) -> Call:
    return Call(tool=tool, verb=verb, arguments=tuple(words), command=command)
