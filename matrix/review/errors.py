"""
What review refuses, each named for what is wrong.

Every message can be shown to a reviewer as it is: it says what is the matter and what to do.
"""


class ReviewError(Exception):
    """Something that a run or a reviewer asked for cannot be done."""


class NoSuchProposal(ReviewError):
    """No proposal has this number."""


class NotOpen(ReviewError):
    """The proposal is published, replaced or closed."""


class BaseMoved(ReviewError):
    """Another publication is current than the one that was compared with."""


class NotProposed(ReviewError):
    """The proposal has no such item, or has it no more: it was rebuilt or published since."""


class AlreadyDecided(ReviewError):
    """Nothing is left to decide, or somebody else was faster."""


class ReasonMissing(ReviewError):
    """A refusal or a waiver without a reason."""


class TextRefused(ReviewError):
    """A comment or a reason that says nothing, is too long, or cannot be stored."""


class CannotWithdraw(ReviewError):
    """The decision had its effect, or is withdrawn already."""


class CannotWaive(ReviewError):
    """The finding is waived already, or its proposal is no longer open."""


class NothingApproved(ReviewError):
    """There is nothing that could be published."""


class NothingToRollBack(ReviewError):
    """The publication is current, or has the very parts of the current one."""


class Blocked(ReviewError):
    """A finding stands against the publication."""


class NeedsSecondPerson(ReviewError):
    """Who approved may not publish too."""


class RunIsOver(ReviewError):
    """The run is finished or failed."""


class RunIsTaken(ReviewError):
    """Another worker has the run."""


class GaveUp(ReviewError):
    """The run was started too often without coming to its end."""
