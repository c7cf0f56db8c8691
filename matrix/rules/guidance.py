"""
What every check and every reason to pick means: the words of verdicts, pages and the guide.

A verdict is kept as one text, its kind: the value of a Check, or that of a PickReason after
``picked: ``. Both have a "prerelease", and they say the opposite.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from matrix.rules.facts import Check, PickReason

PICKED, NOT_PICKED, WAITING, ON_HOLD, UNKNOWN = WORDS = (
    "Picked",
    "Not picked",
    "Waiting",
    "On hold",
    "Unknown",
)
PICKED_AS = "picked: "  # What the kind of a picked release begins with.

NOBODY = "No action needed"
WAIT = "No action needed now"
MAINTAINER = "A maintainer acts, if anybody"
INDEX = "Whoever publishes it acts"
KEEPER = "Whoever keeps the hold acts"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One section of the guide."""

    kind: str
    name: str  # As it stands in the list of checks: "Newest patch of its minor version".
    rule: str  # As it stands in brackets behind a fact: "newest patch".
    word: str  # The verdict of a release that it decides.
    meaning: str
    who: str  # Who must act.
    change: str  # How to change it.
    example: str

    @property
    def anchor(self) -> str:
        """``check-older-patch``, ``picked-latest``."""
        is_pick = self.kind.startswith(PICKED_AS)
        name = self.kind.removeprefix(PICKED_AS).replace(" ", "-").lower()
        return f"{'picked' if is_pick else 'check'}-{name}"


def pick_kind(reason: str) -> str:
    """Return the kind of the verdict of a release that is picked for *reason*."""
    return f"{PICKED_AS}{reason}"


def word_of(kind: str) -> str:
    """Return the word of a verdict by its kind; a kind that nobody knows is Unknown."""
    entry = GUIDE.get(kind)
    return entry.word if entry else UNKNOWN


def _check(
    check: Check,
    *,
    name: str,
    rule: str,
    meaning: str,
    change: str,
    example: str,
    word: str = NOT_PICKED,
    who: str = NOBODY,
) -> Entry:
    return Entry(
        kind=check.value,
        name=name,
        rule=rule,
        word=word,
        meaning=meaning,
        who=who,
        change=change,
        example=example,
    )


def _pick(reason: PickReason, *, name: str, meaning: str, change: str, example: str) -> Entry:
    return Entry(
        kind=pick_kind(reason.value),
        name=name,
        rule=name.lower(),
        word=PICKED,
        meaning=meaning,
        who=NOBODY,
        change=change,
        example=example,
    )


CHECKS: tuple[Entry, ...] = (
    _check(
        Check.NOT_UPLOADED_YET,
        name="Uploaded",
        rule="uploaded",
        word=WAITING,
        who=WAIT,
        meaning="Its first file comes after the moment that is asked about. Only a run of a past "
        "moment meets such releases.",
        change="Nothing can: no pinned pick skips this check.",
        example="A run as of 1 March does not see what was uploaded on 2 March.",
    ),
    _check(
        Check.UNAVAILABLE,
        name="Available: has files, not yanked, not quarantined",
        rule="available",
        who=INDEX,
        meaning="It has no files any more, all of its files are yanked (PEP 592), or the index "
        "has quarantined the project (PEP 792).",
        change="The project takes the yank back or uploads another release. No pinned pick skips "
        "this check.",
        example="yanked: breaks on import",
    ),
    _check(
        Check.HELD_EVERYWHERE,
        name="Not held everywhere",
        rule="hold everywhere",
        word=ON_HOLD,
        who=KEEPER,
        meaning="A hold names it that counts for every SDK and for every environment, also where "
        "another project pulls the release in.",
        change="End the hold, or wait for the day or the release that ends it. No pinned pick "
        "skips this check.",
        example="compromised upload (advisory 7)",
    ),
    _check(
        Check.HELD,
        name="Not on hold",
        rule="hold",
        word=ON_HOLD,
        who=KEEPER,
        meaning="A hold of this integration, or of its project in this SDK, names it.",
        change="End the hold, or wait for the day or the release that ends it. No pinned pick "
        "skips this check.",
        example="broken wheels (issue 7)",
    ),
    _check(
        Check.COOLDOWN,
        name="Old enough",
        rule="cooldown",
        word=WAITING,
        who=WAIT,
        meaning="It has not been on the index for as many days as the SDK or the integration asks "
        "for. The time of its earliest file counts; where the index does not say, the moment when "
        "the portal first saw the file.",
        change="Wait. Or give this release a cooldown bypass, or pin it with “skips the "
        "cooldown”; an SDK may ask a second person to approve either.",
        example="5 days old (needs 7)",
    ),
    _check(
        Check.BELOW_MINIMUM,
        name="Not below the minimum",
        rule="minimum version",
        meaning="It is lower, in the order of PEP 440, than the minimum of the integration.",
        change="Lower the minimum of the integration, or pin the release.",
        example="below 2.0",
        who=MAINTAINER,
    ),
    _check(
        Check.POST_OR_DEV,
        name="Neither a post nor a development release",
        rule="no post and development releases",
        meaning="Post releases correct documents and packaging, development releases are not for "
        "others: neither is tested by itself.",
        change="Pin the release.",
        example="1.4.post1",
        who=MAINTAINER,
    ),
    _check(
        Check.NOT_INCLUDED,
        name="Inside “include”",
        rule="include",
        meaning="The specifier “include” of the integration does not match it. Prereleases count: "
        "<6.1b1 keeps 6.1a1.",
        change="Widen “include”, or pin the release.",
        example="outside <3",
        who=MAINTAINER,
    ),
    _check(
        Check.OLDER_PATCH,
        name="Newest patch of its minor version",
        rule="newest patch",
        meaning="Of each minor version the newest final release that passes the checks above "
        "stands for all: 4.2.17 is looked at, 4.2.16 is not.",
        change="Yank or hold what is newer, or pin the release.",
        example="older than 4.2.17",
    ),
    _check(
        Check.BELOW_LOW_END,
        name="Not below the low end",
        rule="low end",
        meaning="It comes before the oldest release that has a Python in common with the SDK. "
        "Where that is inferred, a newer release was looked at and this one was not.",
        change="Support an older Python, remove the Python restriction, or pin the release where "
        "it declares a supported Python.",
        example="below 1.4.0, the oldest with a Python in common (inferred)",
    ),
    _check(
        Check.SAMPLED_OUT,
        name="In the sample",
        rule="sampling",
        meaning="More releases could be tested than are. With one major version some are taken in "
        "equal steps from the lowest to the latest; with several, the lowest and the highest of "
        "each major.",
        change="Raise the number of versions, or pin the release.",
        example="4 of 11 minor versions are tested",
    ),
    _check(
        Check.PRERELEASE,
        name="The newest prerelease that is worth a test",
        rule="prereleases",
        meaning="At most one prerelease is tested: the newest that the SDK or the integration "
        "allows, above the highest final release. A hold or a cooldown on that final release does "
        "not bring its prereleases back, and a hold on a prerelease keeps earlier ones of the "
        "same version out.",
        change="Allow this kind of prereleases, hold or yank the newer one, or pin the release.",
        example="not above 5.0",
    ),
    _check(
        Check.NO_PYTHON,
        name="Has a Python in common with the SDK",
        rule="Pythons in common",
        meaning="It would be picked, but what it declares, less what a Python restriction takes "
        "away, leaves none of the Pythons of the SDK. It is reported and not replaced.",
        change="Remove the Python restriction, or support a Python that the release declares.",
        example="declares 2.7; the SDK supports 3.9 to 3.14",
        who=MAINTAINER,
    ),
)

PICKS: tuple[Entry, ...] = (
    _pick(
        PickReason.LOWEST,
        name="Lowest",
        meaning="The lowest release that may be tested: what the SDK says it still supports.",
        change="Raise the minimum or put it on hold; the next one takes its place.",
        example="lowest",
    ),
    _pick(
        PickReason.LATEST,
        name="Latest",
        meaning="The highest final release that may be tested; “-latest” environments follow it.",
        change="Put it on hold; the one before takes its place.",
        example="latest",
    ),
    _pick(
        PickReason.HIGHEST_OF_MAJOR,
        name="Highest of its major",
        meaning="With several major versions, the highest release of each is tested.",
        change="Put it on hold, or lower the number of versions.",
        example="highest of major 3",
    ),
    _pick(
        PickReason.EVENLY_SPACED,
        name="Evenly spaced",
        meaning="Between the lowest and the latest, releases are taken in equal steps. A new "
        "minor version may move them all.",
        change="Change the number of versions, or pin what must always be tested.",
        example="evenly spaced 2 of 4",
    ),
    _pick(
        PickReason.EXACT_MINIMUM,
        name="Exact minimum",
        meaning="The integration asks for its minimum itself, not only for the newest patch of "
        "that minor version. It comes on top of the number of versions.",
        change="Switch “test the exact minimum” off, or change the minimum.",
        example="exact minimum 2.0.0",
    ),
    _pick(
        PickReason.PRERELEASE,
        name="Prerelease",
        meaning="The newest prerelease above the highest final release; it comes on top of the "
        "number of versions, and its CI job may fail where the integration says so.",
        change="Allow no prereleases, or put it on hold: earlier ones of the same version stay "
        "out too.",
        example="prerelease 5.0rc1 above 4.2.17",
    ),
    _pick(
        PickReason.PINNED,
        name="Pinned",
        meaning="The catalogue names it as a pinned pick: it skips every check after the holds, "
        "and the cooldown where that was asked for and approved.",
        change="Remove the pinned pick.",
        example="pinned: customers run it",
    ),
    _pick(
        PickReason.BYPASS,
        name="Cooldown bypass",
        meaning="It would have to wait, but a bypass lets exactly this release in at once. It ends "
        "by itself when the release is old enough. It stands beside the reason to pick it.",
        change="Remove the bypass: the release waits then.",
        example="bypasses the cooldown: fixes a vulnerability",
    ),
)

GUIDE: Mapping[str, Entry] = {entry.kind: entry for entry in (*CHECKS, *PICKS)}
