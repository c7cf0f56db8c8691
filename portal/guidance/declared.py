"""What is taken over from a file that declares requirements, and what is not, with the reason."""

from django.core.exceptions import ValidationError
from packaging.utils import canonicalize_name

from integrations.catalogue.validators import LONGEST_TEXT, quoted
from portal.guidance.generating.choice import REVIEWED
from portal.guidance.validators import validate_declared, validate_set_name

DEV = "dev"
MOST_SETS = 50  # Of one file.
MOST_TOLD = 50  # Problems, and notes: nobody reads more.


class Enough(Exception):
    """What is wrong has been told; the rest of the file is not read."""


class Declared:
    """Requirements by the name of their set, and what was not taken over."""

    def __init__(self) -> None:
        self._sets: dict[str, dict[str, None]] = {}
        self._sizes: dict[str, int] = {}  # Characters of each set.
        self.problems: list[str] = []
        self.notes: list[str] = []  # Left out on purpose.

    @property
    def sets(self) -> dict[str, list[str]]:
        return {name: list(texts) for name, texts in self._sets.items()}

    def refuse(self, problem: str) -> None:
        """Tell what is wrong; raises Enough when that is much."""
        if len(self.problems) == MOST_TOLD:
            self.problems.append(f"More is wrong: the first {MOST_TOLD} problems are told.")
            raise Enough
        self.problems.append(problem)

    def note(self, text: str) -> None:
        if len(self.notes) < MOST_TOLD:
            self.notes.append(text)
        elif len(self.notes) == MOST_TOLD:
            self.notes.append(f"More is left out: the first {MOST_TOLD} notes are told.")

    def add(self, name: str, place: str, text: object) -> None:
        """Take one requirement over, or say what is wrong with it."""
        if not isinstance(text, str):
            self.refuse(f"{place}: {quoted(str(text))} is not a text.")
            return
        found = self._sets.get(name, {})
        if text in found:
            return
        try:
            validate_declared(text)
        except ValidationError as error:
            self.refuse(f"{place}: {error.message}")
            return
        self._bound(name, place, text)
        self._sets.setdefault(name, {})[text] = None

    def _bound(self, name: str, place: str, text: str) -> None:
        size = self._sizes[name] = self._sizes.get(name, 0) + len(text) + 1
        if size > LONGEST_TEXT:
            self.refuse(
                f"{place}: the set {name} would have more than {LONGEST_TEXT:,} characters."
            )
            raise Enough
        if len(self._sizes) > MOST_SETS:
            self.refuse(f"{place}: these are more than {MOST_SETS} sets.")
            raise Enough

    def is_generated(self, place: str, key: str) -> bool:
        """Whether the portal wrote this into a file that now comes back: what was reviewed."""
        if canonicalize_name(key) != REVIEWED:
            return False
        self.note(f"{place} is left out: it holds what was reviewed, nothing is declared.")
        return True

    def set_name(self, place: str, key: str) -> str:
        """Return the name of a set for a group, an extra or a file."""
        name: str = canonicalize_name(key)
        try:
            validate_set_name(name)
        except ValidationError as error:
            self.refuse(f"{place}: {error.message}")
            return DEV  # Nothing is saved.
        return name
