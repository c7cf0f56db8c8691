"""Reading and writing the files that commands are given, with sentences for what goes wrong."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.core.management.base import CommandError

MOST_BYTES = 20_000_000


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, line endings as they are."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CommandError(f"{path} is larger than {MOST_BYTES:,} bytes.")
        return path.read_bytes().decode()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8 text (byte {error.start}).") from error


def replace_text(path: Path, text: str) -> None:
    """Write beside *path* and move into its place, so that a reader never sees half of it."""
    _replace(path, text.encode())


def write_text(path: Path, text: str) -> None:
    """Write a file that may be new."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, body: bytes) -> None:
    """Write a file that may be new."""
    try:
        path.touch()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name.
        reason = getattr(error, "strerror", None) or error
        raise CommandError(f"{path} cannot be written: {reason}.") from error
    _replace(path, body)


def _replace(path: Path, body: bytes) -> None:
    target = path.resolve()
    try:
        mode = target.stat().st_mode
        with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as new:
            new.write(body)
            new.flush()
            os.fsync(new.fileno())
        Path(new.name).chmod(mode)
        Path(new.name).replace(target)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
