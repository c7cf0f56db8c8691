"""Opening the files that are imported: bounded, decoded, and recognised."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from integrations.catalogue.importing.imported import Problem

LARGEST = 10_000_000  # Bytes. The largest known catalogue has 41,000.
DIGITS = "integer string conversion"  # How Python begins to explain its limit on numbers.
Format = Literal["toml", "json", "python"]


class ImportRefused(Exception):
    """A file that cannot be imported as it stands; nothing was saved."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class SourceFile:
    name: str
    text: str

    @property
    def format(self) -> Format:
        """What the file holds, by its suffix, else by how it begins."""
        match Path(self.name).suffix.lower():
            case ".toml":
                return "toml"
            case ".json":
                return "json"
            case ".py":
                return "python"
        if self.text.lstrip().startswith("{"):
            return "json"
        return "python" if "TEST_SUITE_CONFIG" in self.text else "toml"


def read_source(path: Path) -> SourceFile:
    """Read a text file; raises ImportRefused."""
    try:
        with path.open("rb") as file:
            body = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name.
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ImportRefused([Problem(str(path), f"cannot be read: {reason}.")]) from error
    if len(body) > LARGEST:
        message = f"is larger than {LARGEST // 1_000_000} MB. A catalogue is not."
        raise ImportRefused([Problem(path.name, message)])
    return SourceFile(path.name, _decoded(body, path.name))


def said(error: Exception) -> str:
    """Return what a parser says, as the end of a sentence of ours."""
    text = str(error)
    return "a number has thousands of digits" if DIGITS in text else text.rstrip(".")


def _decoded(body: bytes, name: str) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        message = f"byte 0x{body[error.start]:02x} is not UTF-8. Save the file as UTF-8."
        raise ImportRefused([Problem(f"{name}, line {line}", message)]) from error
