from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import CommandError, CommandParser
from django.utils.timezone import now

from portal.accounts.models import Token
from portal.accounts.tokens import make, revoke
from portal.operations.cli import Described, day, the_channel, the_user


class Command(Described):
    """
    Make, list or revoke the tokens with which CI checks and downloads files.

      manage.py token make "CI of kit" --for kit --expires 2027-12-31 --as ana
      manage.py token make mirror --all --as ana > secret.txt
      manage.py token list
      manage.py token revoke "CI of kit" --as ana

    The secret is printed this once, alone on the standard output, so that it can go where it
    belongs without being seen; the portal keeps nothing but its hash. Ends with 0, and with 1 when
    nothing was made or revoked.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        ways = parser.add_subparsers(
            dest="way", required=True, metavar="make|list|revoke", parser_class=CommandParser
        )
        making = ways.add_parser("make", help="Make a token and print its secret.")
        making.add_argument("name", metavar="NAME", help="Where it is used.")
        scope = making.add_mutually_exclusive_group(required=True)
        scope.add_argument(
            "--for", dest="slug", metavar="SLUG", help="The SDK or application that it may read."
        )
        scope.add_argument("--all", action="store_true", help="It may read every one.")
        making.add_argument(
            "--expires", metavar="DATE", help="The first day on which it no longer works."
        )
        making.add_argument(
            "--as", dest="user", required=True, metavar="USER", help="Who makes it."
        )
        ways.add_parser("list", help="List all tokens, the revoked ones too.")
        revoking = ways.add_parser("revoke", help="Make a token useless from now on.")
        revoking.add_argument("name", metavar="NAME", help="As the list tells it.")
        revoking.add_argument("--as", dest="user", required=True, metavar="USER", help="Who does.")

    def handle(self, *, way: str, **options: Any) -> None:
        try:
            match way:
                case "make":
                    self._make(at=now(), **options)
                case "list":
                    self._list(at=now())
                case "revoke":
                    self._revoke(at=now(), **options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except PermissionDenied as error:
            raise CommandError(str(error)) from error

    def _make(
        self, *, name: str, slug: str | None, expires: str | None, user: str, at: datetime, **_: Any
    ) -> None:
        made = make(
            name,
            channel=the_channel(slug) if slug else None,
            by=the_user(user),
            at=at,
            expires_on=day(expires, "--expires"),
        )
        token = made.token
        until = f"until {token.expires_on}" if token.expires_on else "until it is revoked"
        said = f'Made the token "{token}" for {token.whose()}: it works {until}.'
        self.stderr.write(said, str)  # Not in red: nothing failed.
        self.stdout.write(made.secret)

    def _list(self, *, at: datetime) -> None:
        rows = Token.objects.select_related("channel", "created_by").order_by("created_at", "pk")
        for row in rows:
            used = f", last on {row.last_used_at:%Y-%m-%d}" if row.last_used_at else ""
            ends = f", expires on {row.expires_on}" if row.expires_on else ""
            self.stdout.write(
                f"{row.name} (…{row.ending}), for {row.whose()}: "
                f"{row.state(at.date())}{used}{ends}; "
                f"made by {row.created_by} on {row.created_at:%Y-%m-%d}"
            )
        if not rows:
            self.stdout.write("There is no token.")

    def _revoke(self, *, name: str, user: str, at: datetime, **_: Any) -> None:
        by = the_user(user)
        token = Token.objects.not_revoked().filter(name=name).first()
        if token is None or not revoke(token, by=by, at=at):
            raise CommandError(f'There is no token "{name}" to revoke: manage.py token list.')
        self.stdout.write(f'Revoked the token "{name}".')
