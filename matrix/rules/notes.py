"""What a reviewer should know of a whole selection beside the verdicts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from packaging.version import Version

from matrix.rules.facts import Check, Pick, Reason
from matrix.rules.named import Named
from matrix.rules.pythons import Support, own_abi, requires_python_problem
from matrix.rules.verdicts import Verdicts

# Kinds of notes that are neither a check nor a reason to pick.
REQUIRES_PYTHON = "requires-python"
UPLOAD_TIME = "upload time"
FREE_THREADING = "free threading"
NOTHING = "nothing to pick"


def on_picks(
    verdicts: Verdicts, named: Iterable[Named], picks: Sequence[Pick], support: Support
) -> list[Reason]:
    """Return what there is to say of *picks*, those without a Python among them."""
    tested = [pick for pick in picks if pick.pythons]
    return [
        *filter(None, (one.note for one in named)),
        *_without_python(picks, support),
        *_unread_requirements(picks, support),
        *_unknown_times(verdicts, tested),
        *_assumed_free_threading(verdicts, tested),
    ]


def on_nothing(rejected: Mapping[Version, Sequence[Reason]]) -> Reason:
    """Say in a sentence why no release is tested."""
    if not rejected:
        return Reason(NOTHING, "There is nothing to pick: the index shows no release.")
    counts = Counter(reasons[0].kind for reasons in rejected.values())
    parts = [f"{counts[check.value]} {check.value}" for check in Check if counts[check.value]]
    releases = "1 release" if len(rejected) == 1 else f"{len(rejected)} releases"
    return Reason(NOTHING, f"There is nothing to pick among {releases}: {', '.join(parts)}.")


def _without_python(picks: Iterable[Pick], support: Support) -> Iterator[Reason]:
    for pick in picks:
        if not pick.pythons:
            why = ", ".join(reason.text for reason in pick.reasons)
            text = f"{pick.version} ({why}) is not tested: it {support.why_none(pick.version)}."
            yield Reason(Check.NO_PYTHON.value, text)


def _unread_requirements(picks: Iterable[Pick], support: Support) -> Iterator[Reason]:
    for pick in picks:
        if problem := requires_python_problem(support.metadata(pick.version)):
            yield Reason(REQUIRES_PYTHON, f"{pick.version}: {problem}.")


def _unknown_times(verdicts: Verdicts, picks: Iterable[Pick]) -> Iterator[Reason]:
    unknown = [pick for pick in picks if not verdicts.release(pick.version).is_time_known]
    if unknown:
        were = "were" if len(unknown) > 1 else "was"
        yield Reason(UPLOAD_TIME, f"The index does not say when {_list(unknown)} {were} uploaded.")


def _assumed_free_threading(verdicts: Verdicts, picks: Iterable[Pick]) -> Iterator[Reason]:
    """Name the picks whose dependencies nobody has looked at under a free-threaded build."""
    if assumed := assumed_free_threading(verdicts, picks):
        text = (
            f"Free threading of {_list(assumed)} is read from pure-Python wheels alone: they count "
            "as capable until environments are resolved."
        )
        yield Reason(FREE_THREADING, text)


def assumed_free_threading(verdicts: Verdicts, picks: Iterable[Pick]) -> list[Pick]:
    """Return the picks whose free threading is read from pure-Python wheels alone."""
    return [
        pick
        for pick in picks
        if pick.pythons
        and pick.pythons[-1].free_threaded
        and own_abi(pick.pythons[-1]) not in verdicts.release(pick.version).abi_tags
    ]


def _list(picks: Sequence[Pick]) -> str:
    """``1.0``, ``1.0 and 2.0``, ``1.0, 2.0 and 3.0``."""
    *others, last = [str(pick.version) for pick in picks]
    return f"{', '.join(others)} and {last}" if others else last
