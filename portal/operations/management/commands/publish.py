from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError
from django.utils.timezone import now
from packaging.utils import canonicalize_name
from packaging.version import Version

from matrix.review.errors import ReviewError
from matrix.sdk.held_again import HeldEverywhere
from matrix.sdk.publishing import approve_and_publish, publish_again
from portal.operations.cli import Described, the_channel, the_publication, the_user


class Command(Described):
    """
    Approve what is undecided in a proposal, and publish it; or publish an old publication again.

      manage.py publish 47 --as ana --comment "Reviewed on Monday"
      manage.py publish 11 --again example-sdk --as ana --comment "httpx 2.0 hangs"

    An old publication that contains what is held everywhere now is refused, unless each such
    release is named by --with-held.

    The user needs the permissions to decide and to publish (the group "reviewers" has both). Ends
    with 1, and changes nothing, when that or anything else stands against it.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", type=int, metavar="N", help="The number of the proposal.")
        parser.add_argument(
            "--again",
            metavar="SLUG",
            help="N is a publication of this SDK or application: publish it again.",
        )
        parser.add_argument(
            "--as", dest="user", required=True, metavar="USER", help="Who decides and publishes."
        )
        parser.add_argument(
            "--comment",
            default="",
            metavar="TEXT",
            help="Why; it stays with the publication. Needed with --again.",
        )
        parser.add_argument(
            "--with-held",
            dest="confirmed",
            action="append",
            default=[],
            metavar="RELEASE",
            help="With --again: publish this release although it is held everywhere, as "
            "anyio==4.9.1. Name each.",
        )

    def handle(
        self,
        *,
        number: int,
        again: str | None,
        user: str,
        comment: str,
        confirmed: list[str],
        **options: Any,
    ) -> None:
        by, names = the_user(user), set(map(the_release, confirmed))
        if names and again is None:
            raise CommandError("--with-held belongs to --again: leave it out.")
        try:
            if again is None:
                publication = approve_and_publish(number, by=by, at=now(), comment=comment)
            else:
                old = the_publication(the_channel(again), number)
                publication = publish_again(old, by=by, at=now(), reason=comment, confirmed=names)
        except HeldEverywhere as error:
            flags = " ".join(f"--with-held {one.name}" for one in error.held)
            raise CommandError(f"{error} Add {flags}") from error
        except (ReviewError, PermissionDenied) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Publication {publication.number} of {publication.channel}: {publication.summary}"
        )
        for file in publication.files.order_by("path"):
            self.stdout.write(f"  {file.path} sha256:{file.sha256}")


def the_release(text: str) -> str:
    """Write ``AnyIO == 4.9.1`` as ``anyio==4.9.1``."""
    name, _, version = text.partition("==")
    try:
        return f"{canonicalize_name(name.strip(), validate=True)}=={Version(version.strip())}"
    except ValueError as error:  # InvalidName, InvalidVersion
        raise CommandError(
            f'--with-held: "{text}" is no release. Write it as anyio==4.9.1.'
        ) from error
