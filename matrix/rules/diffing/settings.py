"""What changes beside rows and requirements, in sentences that stand alone."""

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from matrix.rules.diffing.workflows import ci_sentences
from matrix.rules.parts import IntegrationPart, LayoutPart
from matrix.rules.rendering.default import DEFAULT_FRAME


def integration_sentences(old: IntegrationPart, new: IntegrationPart) -> tuple[str, ...]:
    return (
        *_becomes("The project", old.project, new.project),
        *_becomes("The group", old.group, new.group),
        *_becomes("The test path", old.test_path, new.test_path),
        *_becomes("The list of extras", _listed(old.extras), _listed(new.extras)),
        *_reordered(old, new),
    )


def layout_sentences(old: LayoutPart | None, new: LayoutPart | None) -> tuple[str, ...]:
    if old is None or new is None:
        return ("The layout is new.",) if new else ("The layout goes.",)
    return (
        *_becomes("The SDK", old.sdk, new.sdk),
        *_becomes("The order of groups", _listed(old.groups), _listed(new.groups)),
        *_becomes("The pins style", old.pins_style, new.pins_style),
        *_frame(old.frame, new.frame),
        *ci_sentences(old.ci, new.ci),
    )


def _becomes(what: str, old: str, new: str) -> Iterator[str]:
    if old != new:
        yield f'{what} changes from "{old}" to "{new}".'


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"


def _reordered(old: IntegrationPart, new: IntegrationPart) -> Iterator[str]:
    before = [use.requirement for use in old.requirements]
    after = [use.requirement for use in new.requirements]
    if [text for text in before if text in after] != [text for text in after if text in before]:
        yield "The order of the requirements changes."


def _frame(old: str, new: str) -> Iterator[str]:
    if old == new:
        return
    before, after = ((frame or DEFAULT_FRAME).splitlines() for frame in (old, new))
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    kept = sum(block.size for block in blocks)
    added, removed = len(after) - kept, len(before) - kept
    if added or removed:
        lines = "line" if added == 1 else "lines"
        yield f"The frame changes: {added} {lines} added, {removed} removed."
    elif new:
        yield "The frame stays as it is, but no longer follows the default one."
    else:
        yield "The frame stays as it is, and follows the default one from now on."
