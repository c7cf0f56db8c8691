"""What templates cannot say themselves: times, sizes, coloured diffs, the navigation."""

from datetime import datetime
from typing import Any

from django import template
from django.template.context import Context
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now

from matrix.review.models import Channel
from portal.home.addresses import address_of, home_of

register = template.Library()

SECTIONS = (  # Name, the page's name, and the names of pages below it.
    ("Home", "home", ("look-up",)),
    ("Proposals", "proposals", ("proposal", "proposal-item", "proposal-files")),
    ("Coverage", "coverages", ("coverage",)),
    ("Integrations", "integrations", ("integration", "release", "add-integration")),
    ("Holds", "holds", ("hold-everywhere", "waiting")),
    ("Check", "check", ("lint", "lint-rules")),
    ("Guide", "guide", ()),
    (
        "Applications",
        "applications",
        ("application", "application-declare", "application-guidance", "guidance", "tools"),
    ),
    ("Publications", "publications", ("publication", "application-publication")),
    ("Runs", "runs", ("run",)),
)


@register.filter
def moment(value: datetime | None) -> str:
    """``Mon 23 Nov, 06:00 UTC``; with the year when it is not this one."""
    if value is None:
        return "not known"
    year = "" if value.year == now().year else f" {value.year}"
    text = f"{value:%a} {value.day} {value:%b}{year}, {value:%H:%M} UTC"
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), text)


@register.filter
def counted(number: int, noun: str) -> str:
    """``1 item``, ``1,200 items``. A noun brings its plural where that takes more than an s."""
    one, _, many = noun.partition(",")
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


@register.filter
def size(number: int) -> str:
    return filesizeformat(number).replace("\xa0", " ")


@register.filter
def first_line(text: str) -> str:
    return text.partition("\n")[0]


@register.filter
def other_lines(text: str) -> str:
    return text.partition("\n")[2]


@register.filter
def coloured(diff: str) -> SafeString:
    """
    Return a unified diff as HTML, a line in a ``span`` of its kind.

    In Python: a template's loop takes seconds for the 18,000 lines of a first proposal.
    """
    lines = diff.splitlines()
    return mark_safe("".join(_coloured_line(n, line) for n, line in enumerate(lines)))  # noqa: S308  (escaped line by line)


def _coloured_line(number: int, line: str) -> str:
    text = escape(line) or "&#8203;"
    if number <= 1 and line.startswith(("---", "+++")):
        return f'<span class="mx-place">{text}</span>'
    kind = {"+": "mx-add", "-": "mx-remove", "@": "mx-place"}.get(line[:1])
    return f'<span class="{kind}">{text}</span>' if kind else f"<span>{text}</span>"


@register.simple_tag
def channel_url(channel: Channel, name: str, *arguments: str | int) -> str:
    """Return the address of a page about *channel*, of whichever kind: ``publication``."""
    return address_of(channel, name, *arguments)


@register.simple_tag
def channel_home(channel: Channel) -> str:
    return home_of(channel)


@register.inclusion_tag("portal/_navigation.html", takes_context=True)
def portal_navigation(context: Context) -> dict[str, Any]:
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    here = match.view_name if match else ""
    links = [_link(name, page, here, below) for name, page, below in SECTIONS]
    if getattr(context.get("user"), "is_staff", False):
        in_admin = match is not None and match.app_name == "admin"
        catalogue = {"name": "Catalogue", "url": reverse("admin:app_list", args=["catalogue"])}
        links.append({**catalogue, "is_current": in_admin, "current": "true"})
    return {"links": links}


def _link(name: str, page: str, here: str, below: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": name,
        "url": reverse(page),
        "is_current": here == page or here in below,
        "current": "page" if here == page else "true",
    }
