"""What changes in the settings of CI workflows, in sentences that stand alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields

from matrix.rules.ci import Ci

WORDS: Mapping[str, str] = {
    "runner": "The runner of the workflows",
    "container_pythons": "The list of Pythons in containers",
    "container_image": "The image of the containers",
    "timeout_minutes": "The time limit of a job",
    "install": "The install command of the workflows",
    "container_install": "The install command in containers",
    "test": "The test command of the workflows",
    "checkout_action": "The check-out action",
    "python_action": "The Python action",
    "extra_needs": "What the gate also needs",
    "passes_secrets": "Whether secrets are passed on",
}


def ci_sentences(old: Ci | None, new: Ci | None) -> Iterator[str]:
    if old is None and new is not None:
        yield "CI workflows are written from now on."
    elif old is not None and new is None:
        yield "CI workflows are no longer written. Delete their files in the repository."
    elif old is not None and new is not None:
        yield from _changes(old, new)


def _changes(old: Ci, new: Ci) -> Iterator[str]:
    for field in fields(Ci):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if field.name in WORDS and before != after:
            yield f'{WORDS[field.name]} changes from "{_text(before)}" to "{_text(after)}".'
    before = {service.name: service for service in old.services}
    after = {service.name: service for service in new.services}
    yield from _named("service", before, after)
    yield from _named("list of services of the group", old.group_services, new.group_services)
    yield from _named("list of services of", old.integration_services, new.integration_services)
    yield from _named("frame of", old.frames, new.frames)
    if (old.group_frame, old.main_frame) != (new.group_frame, new.main_frame):
        yield "The default frame of workflows changes."


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _named(
    what: str,
    old: Mapping[str, object] | Iterable[tuple[str, object]],
    new: Mapping[str, object] | Iterable[tuple[str, object]],
) -> Iterator[str]:
    before, after = dict(old), dict(new)
    for name in sorted({*before, *after}):
        if name not in before:
            yield f'The {what} "{name}" is new.'
        elif name not in after:
            yield f'The {what} "{name}" goes.'
        elif before[name] != after[name]:
            yield f'The {what} "{name}" changes.'
