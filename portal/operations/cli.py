"""What the commands share: readers of arguments that fail with a sentence, and progress bars."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from inspect import getdoc
from typing import IO, Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    DjangoHelpFormatter,
)
from tqdm import tqdm

from integrations.catalogue.models import Sdk
from integrations.catalogue.models.sdk import sdk_named
from integrations.catalogue.validators import validate_index_url
from integrations.index.address import clean_url
from integrations.index.models import Index, PollOutcome
from matrix.review.kinds import kind_named, other_kinds
from matrix.review.models import Channel, Proposal, Publication
from matrix.sdk.channel import KIND
from matrix.sdk.gathering import index_of

INDEX_HELP = "Ask this simple index (https://HOST/simple/) instead of the SDK's or the portal's."


def the_sdk(slug: str) -> Sdk:
    sdk = sdk_named(slug)
    if sdk is None:
        known = ", ".join(Sdk.objects.order_by("slug").values_list("slug", flat=True))
        there = f"There is {known}." if known else "Import one: manage.py import_catalogue --help."
        raise CommandError(f'There is no SDK "{slug}". {there}')
    return sdk


def the_channel(slug: str) -> Channel:
    """Return the channel of an SDK or an application; ``application:shop`` where both are named."""
    kind, colon, name = slug.rpartition(":")
    kinds = [kind] if colon else [KIND, *other_kinds(KIND)]
    known = {KIND, *other_kinds(KIND)}
    found = [one for one in kinds if one in known and kind_named(one).find(name)]
    if not found:
        raise CommandError(f'There is neither an SDK nor an application "{slug}".')
    if len(found) > 1:
        ways = " or ".join(f"{one}:{name}" for one in found)
        raise CommandError(f'"{slug}" names several things. Write {ways}.')
    channel, _ = Channel.objects.get_or_create(kind=found[0], slug=name)
    return channel


def the_user(name: str) -> User:
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError(f'There is no active user "{name}". Users are kept in the admin.')
    return user


def the_index(sdk: Sdk, url: str | None) -> Index:
    return given_index(url) or index_of(sdk)


def given_index(url: str | None) -> Index | None:
    """Return the index that ``--index-url`` names; None where it names none."""
    if not url:
        return None
    try:
        validate_index_url(url)
    except ValidationError as error:
        raise CommandError(f"--index-url: {' '.join(error.messages)}") from error
    url = url if url.endswith("/") else f"{url}/"
    index, _ = Index.objects.get_or_create(url=clean_url(url))
    return index


def the_proposal(number: int | None) -> Proposal:
    """Return the proposal of that number, else the newest open one, else the newest."""
    proposals = Proposal.objects.select_related("channel", "channel__current", "base")
    if number is not None:
        found = proposals.filter(number=number).first()
        if found is None:
            raise CommandError(f"There is no proposal {number}.")
        return found
    newest = proposals.open().latest_first().first() or proposals.latest_first().first()
    if newest is None:
        raise CommandError("There is no proposal yet. Make one: manage.py propose SDK.")
    return newest


def the_publication(channel: Channel, number: int) -> Publication:
    rows = Publication.objects.filter(channel=channel)
    found = rows.select_related("channel").filter(number=number).first()
    if found is None:
        raise CommandError(f"There is no publication {number} of {channel.slug}.")
    return found


def counted(number: int, noun: str) -> str:
    """``1 project``, ``2 projects``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def moment(text: str) -> datetime:
    """Read an ISO 8601 time; one without a zone is UTC."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(
            f'"{text}" is not a time. Write it as 2026-08-10T08:45Z or 2026-08-10.'
        ) from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def day(text: str | None, option: str) -> date | None:
    """Read the day that *option* names; None where it was left out."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f'{option}: "{text}" is not a day. Write it as 2026-12-31.') from error


def add_index_url(parser: ArgumentParser) -> None:
    parser.add_argument("--index-url", metavar="URL", help=INDEX_HELP)


@contextmanager
def progress_bar(stream: IO[str], total: int) -> Iterator[Callable[[PollOutcome], None]]:
    """Yield what is to be called for each project; the bar is drawn on terminals alone."""
    with tqdm(
        total=total, file=stream, unit="project", disable=None, leave=False, desc="Reading"
    ) as bar:

        def step(outcome: PollOutcome) -> None:
            bar.set_postfix_str(outcome.project, refresh=False)
            bar.update()

        yield step


@contextmanager
def resolving_bar(stream: IO[str]) -> Iterator[Callable[[int, int], None]]:
    """Yield what is to be told how many environments are resolved, and how many there are."""
    with tqdm(total=0, file=stream, unit="environment", disable=None, leave=False) as bar:
        bar.set_description("Resolving")

        def step(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield step


class Described(BaseCommand):
    """A command whose docstring is its help, printed as it is written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.help = getdoc(type(self)) or ""
        super().__init__(*args, **kwargs)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # BaseCommand passes a formatter of its own, which would fold the examples into one line.
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = PlainHelp
        return parser


class PlainHelp(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """The usual order of options, with the description kept as it is."""
