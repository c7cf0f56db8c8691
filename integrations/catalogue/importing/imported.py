"""What an importer hands on, and the reader with which it takes values out of decoded files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from integrations.catalogue import portable
from integrations.catalogue.validators import quoted


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: ``Problem("suites[3].deps[1].rule", '"=>2" is not a specifier.')``."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """
    A catalogue as a file says it. Where something is wrong a stand-in takes its place, so that the
    rest can be checked too: with a problem nothing of it is saved.
    """

    catalogue: portable.Catalogue
    problems: tuple[Problem, ...] = ()
    # From the place of a value in our own form (integrations.httpx.minimum) to that in the file.
    places: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # What the person who imports should know.

    def place(self, ours: str) -> str:
        """Return where the file says what stands at *ours* in our own form."""
        known = ours
        while known and known not in self.places:
            known = known[: max(known.rfind("."), known.rfind("["), 0)]
        return self.places[known] + ours[len(known) :] if known else ours


class Reader:
    """
    Takes values of the right type out of a decoded table, and collects what is wrong with them.
    Keys that nobody asked for are mistakes when :meth:`finish` is called.
    """

    def __init__(self, content: object, where: str, problems: list[Problem]) -> None:
        self.where = where
        self.problems = problems
        self.known: set[str] = set()
        self.content: Mapping[str, Any] = {}
        self.is_table = False
        if not isinstance(content, dict):
            self.complain("", f"{named(content)} stands where a table is needed.")
        elif not all(isinstance(key, str) for key in content):
            self.complain("", "The table has a key that is not a text.")
        else:
            self.content = content
            self.is_table = True

    @classmethod
    def nothing(cls, where: str, problems: list[Problem]) -> "Reader":
        """Return a reader of a table that is not there, which was said already."""
        reader = cls({}, where, problems)
        reader.is_table = False
        return reader

    def place(self, key: str) -> str:
        return below(self.where, key) if key else self.where

    def complain(self, key: str, message: str) -> None:
        self.problems.append(Problem(self.place(key), message))

    def has(self, key: str) -> bool:
        self.known.add(key)
        return self.content.get(key) is not None

    def get(self, key: str, kind: type, what: str, *, needed: bool = False) -> Any:
        """Return the value of *key* if it is of *kind*, else None."""
        if not self.has(key):
            if needed and self.is_table:
                self.complain(key, f"is missing. It must be {what}.")
            return None
        value = self.content[key]
        # bool is an int, and datetime a date, to Python; not to people.
        if type(value) is kind:
            return value
        self.complain(key, f"{named(value)} stands where {what} is needed.")
        return None

    def text(self, key: str, default: str = "", *, needed: bool = False) -> str:
        found = self.get(key, str, "a text", needed=needed)
        return default if found is None else found

    def table(self, key: str, *, needed: bool = False) -> "Reader | None":
        found = self.get(key, dict, "a table", needed=needed)
        return None if found is None else Reader(found, self.place(key), self.problems)

    def tables(self, key: str) -> "list[Reader]":
        """Return the tables of a list of tables."""
        found = self.get(key, list, "a list of tables") or []
        where = self.place(key)
        return [Reader(each, f"{where}[{i}]", self.problems) for i, each in enumerate(found)]

    def texts(self, key: str, *, needed: bool = False) -> list[str]:
        """Return the one-line texts of a list; others are reported."""
        found = self.get(key, list, "a list of texts", needed=needed) or []
        where = self.place(key)
        return one_line_texts(found, where, self.problems)

    def finish(self) -> None:
        for key in self.content:
            if key not in self.known:
                close = get_close_matches(key, self.known, n=1)
                hint = f' Did you mean "{close[0]}"?' if close else ""
                self.complain(key, f"{quoted(key)} is not a key that belongs here.{hint}")


def one_line_texts(found: Sequence[object], where: str, problems: list[Problem]) -> list[str]:
    texts = []
    for i, each in enumerate(found):
        if not isinstance(each, str):
            message = f"{named(each)} stands where a text is needed."
        elif len(each.splitlines()) > 1 or each.endswith("\n"):
            message = f"{quoted(each)} has more than one line. Write each as a text of its own."
        else:
            texts.append(each)
            continue
        problems.append(Problem(f"{where}[{i}]", message))
        texts.append("")
    return texts


def below(where: str, key: str) -> str:
    """Return the place of *key* in the table at *where*, with quotes where TOML needs them."""
    shown = key if _is_bare(key) else quoted(key)
    return f"{where}.{shown}" if where else shown


def _is_bare(key: str) -> bool:
    return bool(key) and key.isascii() and all(c.isalnum() or c in "_-" for c in key)


LARGEST_SHOWN = 64  # Bits.
NAMES = {
    dict: "a table",
    list: "a list",
    tuple: "a tuple",
    set: "a set",
    bool: "true or false",
    type(None): "nothing",
}


def named(value: object) -> str:
    """Say what a value of the wrong type is, in a few words."""
    if isinstance(value, str):
        return f"The text {quoted(value)}"
    if isinstance(value, (dict, list, tuple, set, type(None))):
        return NAMES[type(value)].capitalize()
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int) and value.bit_length() > LARGEST_SHOWN:
        return "A very large number"
    return f"The value {quoted(str(value))}"
