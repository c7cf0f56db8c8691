"""The files of a proposal: what changes in them, as a page, as patches, as candidates."""

import html
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from integrations.catalogue.models import DependencyRule, Integration, Sdk
from matrix.review.deciding import approve_all
from matrix.review.models import Item, Publication
from matrix.review.publishing import candidate
from matrix.review.snapshots import store
from matrix.rules.parts import LAYOUT, LayoutPart, write
from matrix.sdk.channel import files_of
from matrix.sdk.publishing import publish_approved
from tests.pages.conftest import Open
from tests.pages.makers import AT, a_proposal, a_publication, an_owner
from tests.pages.proposals import press, words
from tests.support.small_index import SmallIndex

As = Callable[..., Client]


def test_each_file_is_shown_as_a_diff_whole_and_escaped(
    sdk: Sdk, index: SmallIndex, as_: As, opened: Open
) -> None:
    crates = Integration.objects.get(name="crates")
    DependencyRule.objects.create(integration=crates, requirements="paper<3", order=1)
    a_proposal(sdk)

    page = opened(as_("viewers"), "/proposals/1/files/")

    diff = page.split('<pre class="mx-diff"')[1].split("</pre>")[0]
    lines = [html.unescape(line) for line in re.findall(r"<span[^>]*>(.*?)</span>", diff)]
    assert '<span class="mx-add">+    crates: paper&lt;3</span>' in diff
    assert [line[1:] for line in lines if line.startswith("+") and not line.startswith("+++")] == (
        candidate(1, files_of)["tox.ini"].splitlines()
    )


def test_the_candidate_has_the_bytes_of_the_later_publication(sdk: Sdk, as_: As) -> None:
    a_proposal(sdk)
    client = as_("reviewers")

    response = client.get("/proposals/1/files/tox.ini")
    approve_all(1, by=an_owner(), at=AT)
    publication = publish_approved(1, by=an_owner(), at=AT)

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="tox.ini"'
    assert response.content.decode() == publication.files.get().read()


@pytest.mark.parametrize("name", ["2/tox.ini.patch", "2.patch"])
def test_the_patch_turns_the_published_file_into_the_candidate(
    name: str, sdk: Sdk, index: SmallIndex, as_: As, tmp_path: Path
) -> None:
    folder = tmp_path
    published = a_publication(sdk).files.get().read()
    index.add("labels", "1.0.1")
    a_proposal(sdk)
    client = as_("viewers")
    (folder / "tox.ini").write_bytes(published.encode())
    (folder / "it.patch").write_bytes(client.get(f"/proposals/{name}").content)

    done = subprocess.run(
        ["git", "apply", "it.patch"], cwd=folder, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert (folder / "tox.ini").read_bytes() == client.get("/proposals/2/files/tox.ini").content


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        pytest.param("/proposals/7/", "There is no proposal 7.", id="proposal"),
        pytest.param(
            "/proposals/1/files/setup.cfg", "Proposal 1 has no file setup.cfg.", id="file"
        ),
        pytest.param("/proposals/1/items/0/", "Proposal 1 has no item 0", id="item"),
        pytest.param(
            "/proposals/1/setup.cfg.patch", "Proposal 1 has no file setup.cfg.", id="patch"
        ),
    ],
)
def test_what_is_not_there_is_a_sentence(
    path: str, sentence: str, sdk: Sdk, as_: As, opened: Open
) -> None:
    a_proposal(sdk)

    assert sentence in opened(as_("viewers"), path, status=404)


def test_files_that_cannot_be_rendered_are_a_sentence_everywhere(
    sdk: Sdk, as_: As, opened: Open
) -> None:
    a_proposal(sdk)
    broken = write(LayoutPart(sdk="parcels", groups=(), frame="[tox]\n"))
    Item.objects.filter(part=LAYOUT).update(new=store(broken))
    client = as_("reviewers")

    page = words(opened(client, "/proposals/1/"))
    files = words(opened(client, "/proposals/1/files/"))
    refused = press(client, "approve and publish")
    missing = opened(client, "/proposals/1/files/tox.ini", status=404)

    for text in (page, files, refused, missing):
        assert "The files cannot be rendered." in text
    assert not Publication.objects.exists()


def test_a_long_diff_comes_folded_and_a_short_one_open(
    sdk: Sdk, as_: As, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_proposal(sdk)
    client = as_("viewers")

    short = opened(client, "/proposals/1/files/")
    monkeypatch.setattr("portal.home.views.proposals.MOST_DIFF_LINES", 3)
    long = opened(client, "/proposals/1/files/")

    assert '<details class="mx-item" open>' in short
    assert '<details class="mx-item">' in long
    assert "1 file to change:" in words(long)
    assert "tox.ini as proposed" in words(long)
