"""What cannot be seen in the files that were sent, so that no verdict says more than they do."""

from collections.abc import Iterator

from integrations.policy.linting.forms import Form, root_of
from integrations.policy.linting.lockfiles import Lock, locks_of
from integrations.policy.linting.upload import Upload
from matrix.rules.locks.parts import TOOL

MOST_NAMED = 3


def untold(upload: Upload) -> Iterator[str]:
    """Yield in sentences which conflict of two sets a lock cannot show, and what would show it."""
    locks = [lock for lock in locks_of(upload) if lock.pins and lock.set != TOOL]
    for path in dict.fromkeys(lock.path for lock in locks):
        form = upload.forms[path]
        ours = [lock for lock in locks if lock.path == path]
        if form not in {Form.PIPFILE_LOCK, Form.UV_LOCK}:
            continue
        unknown = [text for text in _beside_main(ours) if text not in upload.known]
        if not unknown:
            continue
        named = _named(unknown)
        if form is Form.PIPFILE_LOCK:
            yield (
                f"What is not in these files: whether {path} has a release beside {named} that "
                "they do not allow. It does not say what releases ask for: send their METADATA "
                "files with it."
            )
        elif not any(_is_main_alone(lock, path) for lock in locks):
            yield (
                f"What is not in these files: whether {path} holds production back because of "
                f"{named}. It has one resolution of all sets, without bounds: send the main set "
                "locked alone (requirements/main.txt), or METADATA files."
            )


def _is_main_alone(lock: Lock, path: str) -> bool:
    return lock.is_main and not lock.is_joint and root_of(lock.path) == root_of(path)


def _beside_main(locks: list[Lock]) -> list[str]:
    """Return what only other sets than main have, as ``rsdev==1.0``."""
    main = {pin.name for lock in locks if lock.is_main for pin in lock.pins}
    found = (pin for lock in locks if not lock.is_main for pin in lock.pins)
    return sorted({str(pin) for pin in found if pin.name not in main})


def _named(pins: list[str]) -> str:
    named = [pin.replace("==", " ") for pin in pins[:MOST_NAMED]]
    more = len(pins) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")
