"""Reading and writing the files that commands are given, with sentences for what goes wrong."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.core.management.base import CommandError

MOST_BYTES = 20_000_000
ORDINARY = 0o644  # The mode of a new file.


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
    """Write *text* as UTF-8; see :func:`write_bytes`."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, body: bytes) -> None:
    """Write beside *path* and move into its place, so that a reader never sees half of it."""
    target = path.resolve()
    try:
        mode = target.stat().st_mode if target.exists() else ORDINARY
        with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as new:
            new.write(body)
            new.flush()
            os.fsync(new.fileno())
        Path(new.name).chmod(mode)
        Path(new.name).replace(target)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
