"""Reading the pages of a proposal, and pressing their buttons."""

import html
import re

from django.test import Client

from matrix.review.models import Item
from portal.home.rows import DASH
from tests.pages.conftest import text_of


def words(page: str) -> str:
    """The text of the page's content, without tags."""
    content = page.split('<main id="content-start"')[1].split("</main>", maxsplit=1)[0]
    text = html.unescape(re.sub(r"<[^>]+>", " ", content)).replace(DASH, "-")
    return " ".join(text.split())


def section(page: str, name: str) -> str:
    """The text of the section that is labelled by the heading *name*."""
    inside = page.split(f'aria-labelledby="{name}"')[1].split("</section>", maxsplit=1)[0]
    return words(f'<main id="content-start"{inside}').removeprefix("> ")


def item(page: str, part: str) -> str:
    """The text of one item."""
    inside = page.split(f'id="item-{part}"')[1].split("</article>", maxsplit=1)[0]
    return words(f'<main id="content-start"{inside}').partition("> ")[2]


def parts(page: str) -> list[str]:
    """The items of the page, in its order."""
    return re.findall(r'id="item-([\w.-]+)"', page)


def ticks(page: str) -> dict[str, bool]:
    """Which items can be selected, by the phrase that a reader hears, and whether they are."""
    found = re.findall(r'name="item" value="\d+" aria-label="Select: ([^"]+)"( checked)?', page)
    return {html.unescape(label): bool(checked) for label, checked in found}


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found.group(1))


def pk_of(part: str) -> int:
    return Item.objects.get(part=part, published_in=None).pk


def press(client: Client, action: str, **fields: object) -> str:
    """Press a button of the page as it is now; return the page that it leads to, in words."""
    return words(press_raw(client, action, **fields))


def press_raw(client: Client, action: str, **fields: object) -> str:
    path = "/proposals/1/"
    if "seen" not in fields and action in {"approve all", "approve and publish"}:
        fields["seen"] = hidden(client.get(path).content.decode(), "seen")
    response = client.post(f"{path}decide/", {"action": action, **fields}, follow=True)
    return text_of(response)
