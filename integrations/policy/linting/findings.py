"""What the linter says: rules, and findings that each break one of them."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error makes an installation fail or differ from the last one; a warning may."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One thing that is looked for, as the page of rules tells it."""

    id: str  # "unpinned": lower case, dashes.
    name: str  # A heading, without a full stop.
    severity: Severity
    meaning: str  # Why it is wrong, in sentences.
    mend: str  # What to write instead, in sentences.
    example: str  # Lines that break the rule.

    @property
    def anchor(self) -> str:
        return f"rule-{self.id}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that breaks a rule."""

    path: str
    line: int  # From 1; 0: the whole file.
    rule: str  # The id.
    severity: Severity
    text: str  # The reason, with what was found, as a sentence.
    mend: str


class Unreadable(ValueError):
    """A file that its form does not allow, or that no such file needs to be like; a sentence."""

    def __init__(self, sentence: str, *, line: int = 0) -> None:
        super().__init__(sentence)
        self.line = line
