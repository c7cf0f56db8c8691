"""The constraint files that stand beside a tox.ini in a repository."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.core.management.base import CommandError

from matrix.rules.rendering.pins import FOLDER, HEADING
from portal.operations.cli import counted
from portal.operations.files import read_text, write_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Beside:
    """What is to be written beside a tox.ini, and which files of ours nothing names any more."""

    changed: Mapping[Path, str]
    stale: tuple[Path, ...]

    @classmethod
    def of(cls, tox_ini: Path, files: Mapping[str, str]) -> "Beside":
        """Compare *files* by their paths with what is there. Files of other hands are let alone."""
        root = tox_ini.parent
        wanted = {root / path: text for path, text in files.items()}
        return cls(
            changed={
                path: text
                for path, text in wanted.items()
                if not path.exists() or read_text(path) != text
            },
            stale=tuple(
                path
                for path in sorted((root / FOLDER).glob("*.txt"))
                if path not in wanted and read_text(path).startswith(HEADING)
            ),
        )

    def __bool__(self) -> bool:
        return bool(self.changed or self.stale)

    @property
    def to_do(self) -> str:
        number = counted(len(self.changed), "constraint file")
        return f"{number} to write, {len(self.stale)} to remove"

    @property
    def done(self) -> str:
        number = counted(len(self.changed), "constraint file")
        return f"Wrote {number} beside it, and removed {len(self.stale)}."

    def bring_up_to_date(self) -> None:
        """Write what changed and remove what is stale; raises CommandError."""
        try:
            for path in self.changed:
                path.parent.mkdir(exist_ok=True)
            for path in self.stale:
                path.unlink()
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be changed: {error.strerror}.") from error
        for path, text in self.changed.items():
            write_text(path, text)
