"""
Channels, runs, snapshots, proposals, decisions, publications.

Review knows channels and parts. It never knows what a part is: an SDK's integration or an
application's lock. Only ``snapshots``, ``runs``, ``proposing``, ``waiting``, ``deciding``,
``commenting`` and ``publishing`` write these tables.
"""

from matrix.review.models.computed import Assessment, Channel, Run, Snapshot, VerdictChange
from matrix.review.models.proposals import Comment, Decision, Finding, Item, Proposal
from matrix.review.models.published import FileContent, Publication, PublishedFile, PublishedPart

__all__ = [
    "Assessment",
    "Channel",
    "Comment",
    "Decision",
    "FileContent",
    "Finding",
    "Item",
    "Proposal",
    "Publication",
    "PublishedFile",
    "PublishedPart",
    "Run",
    "Snapshot",
    "VerdictChange",
]
