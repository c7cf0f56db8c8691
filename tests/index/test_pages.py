"""The three forms of a page, and what is wrong with some of them."""

import json
from typing import Any

import pytest

from integrations.index.errors import IndexDataError
from integrations.index.pages import Hashes, Page, PageFile, fill_upload_times, parse_page
from tests.index.making import HTML, JSON, a_page, a_page_file, day, entry, json_page

URL = "https://index.test/root/simple/foo/"


def parse(body: bytes | str, content_type: str = JSON, url: str = URL) -> Page:
    raw = body.encode() if isinstance(body, str) else body
    return parse_page(raw, content_type=content_type, url=url)


FULL = PageFile(
    filename="foo-1.0-py3-none-any.whl",
    url="https://index.test/root/files/foo-1.0-py3-none-any.whl",
    hashes=Hashes("ab" * 32),
    requires_python=">=3.9",
    yanked="broken",
    upload_time=day(2),
    core_metadata=True,
)


def test_a_json_page_is_read() -> None:
    body = json_page(
        {
            "filename": FULL.filename,
            "url": "../../files/foo-1.0-py3-none-any.whl",
            "hashes": {"sha256": "ab" * 32, "md5": "x"},
            "requires-python": ">=3.9",
            "yanked": "broken",
            "upload-time": "2026-01-02T00:00:00.000000Z",
            "core-metadata": True,
            "size": 7,
        }
    )

    assert parse(body) == Page(files=[FULL], notes=[])


def test_an_html_page_says_the_same() -> None:
    body = f"""<!DOCTYPE html><html><body>
    <a href="../">Parent folder</a>
    <a href="../../files/{FULL.filename}#sha256={"ab" * 32}" data-requires-python="&gt;=3.9"
       data-yanked="broken" data-upload-time="2026-01-02T00:00:00Z"
       data-dist-info-metadata="sha256=00">{FULL.filename}</a></body></html>"""

    assert parse(body, HTML) == Page(files=[FULL], notes=[])


def test_the_legacy_document_says_the_same_but_for_the_metadata() -> None:
    file = {
        "filename": FULL.filename,
        "url": FULL.url,
        "digests": {"sha256": "ab" * 32},
        "requires_python": ">=3.9",
        "yanked": True,
        "yanked_reason": "broken",
        "upload_time_iso_8601": "2026-01-02T00:00:00Z",
    }

    page = parse(json.dumps({"info": {}, "releases": {"1.0": [file], "0.9": []}}))

    assert page.files == [PageFile(**{**FULL_FIELDS, "core_metadata": None})]


FULL_FIELDS: dict[str, Any] = {name: getattr(FULL, name) for name in FULL.__struct_fields__}


@pytest.mark.parametrize(
    ("content_type", "is_json"),
    [
        pytest.param("application/json", True, id="plain JSON"),
        pytest.param("text/html", False, id="HTML"),
        pytest.param("application/vnd.pypi.simple.v1+html", False, id="versioned HTML"),
        pytest.param("application/octet-stream", True, id="something that looks like JSON"),
        pytest.param("", True, id="no type"),
    ],
)
def test_the_content_type_decides(content_type: str, is_json: bool) -> None:
    page = parse(json_page(entry("foo-1.0.tar.gz")), content_type)

    assert len(page.files) == int(is_json)


@pytest.mark.parametrize(
    ("bad", "notes", "left"),
    [
        pytest.param(
            {"filename": 7, "url": "x"},
            ['files[1].filename is "7"; the file was left out.'],
            2,
            id="name",
        ),
        pytest.param(
            {"filename": "foo-1.1.zip"},
            ['files[1].url is "missing"; the file was left out.'],
            2,
            id="no address",
        ),
        pytest.param(
            entry("foo-1.1.zip", upload_time="yesterday", requires_python=["3"]),
            [
                "files[1].requires-python is \"['3']\"; it counts as not said.",
                'files[1].upload-time is "yesterday"; it counts as not said.',
            ],
            3,
            id="details",
        ),
        pytest.param(
            "rubbish",
            ["files[1] was left out: Expected `object`, got `str`"],
            2,
            id="not an object",
        ),
    ],
)
def test_one_bad_entry_does_not_lose_the_others(bad: object, notes: list[str], left: int) -> None:
    page = parse(json_page(entry("foo-1.0.tar.gz"), bad, entry("foo-2.0.tar.gz")))

    assert page.notes == notes
    assert len(page.files) == left


def test_a_time_without_a_zone_is_in_utc() -> None:
    page = parse(json_page(entry("foo-1.0.tar.gz", upload_time="2026-01-02T00:00:00")))

    assert (page.files[0].upload_time, page.notes) == (day(2), [])


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        pytest.param("{", JSON, "The page cannot be read as JSON", id="broken JSON"),
        pytest.param(b'{"files": "\xff"}', JSON, "The page cannot be read as JSON", id="not UTF-8"),
        pytest.param("[]", JSON, "The page cannot be read as JSON", id="not an object"),
        pytest.param(
            '{"message": "hello"}', JSON, "the page: There is neither", id="something else"
        ),
        pytest.param(
            json_page(meta={"api-version": "2.0"}),
            JSON,
            'meta.api-version: The index speaks version "2.0"',
            id="newer JSON",
        ),
        pytest.param(
            '<meta name="pypi:repository-version" content="2.0">',
            HTML,
            'meta.api-version: The index speaks version "2.0"',
            id="newer HTML",
        ),
        pytest.param(
            "<form action=/login><input name=password></form>",
            HTML,
            "The answer is a web page with a form",
            id="login page",
        ),
    ],
)
def test_what_is_no_page_is_refused(body: str, content_type: str, message: str) -> None:
    with pytest.raises(IndexDataError) as caught:
        parse(body, content_type)

    assert str(caught.value).startswith(message)


def test_relative_links_follow_the_base_of_the_page() -> None:
    body = '<base href="https://cdn.test/a/"><a href="b/foo-1.0.zip">foo</a>'

    assert parse(body, HTML).files[0].url == "https://cdn.test/a/b/foo-1.0.zip"


@pytest.mark.parametrize(("form", "content_type"), [("json", JSON), ("html", HTML)])
def test_credentials_in_a_link_are_dropped(form: str, content_type: str) -> None:
    url = "https://user:secret@files.test/foo-1.0.zip"
    body = json_page(entry("foo-1.0.zip", url=url)) if form == "json" else f'<a href="{url}">x</a>'

    assert [file.url for file in parse(body, content_type).files] == [
        "https://files.test/foo-1.0.zip"
    ]


def test_an_address_that_is_none_is_left_out() -> None:
    page = parse(json_page(entry("foo-1.0.zip", url="javascript:alert(1)")))

    assert (page.files, page.notes) == (
        [],
        ['"foo-1.0.zip" has no usable URL; it was left out.'],
    )


def test_an_html_yank_without_a_reason_is_a_yank() -> None:
    page = parse('<a href="foo-1.0.zip" data-yanked>x</a><a href="foo-2.0.zip">y</a>', HTML)

    assert [file.yanked for file in page.files] == [True, False]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (json_page(**{"project-status": {"status": "quarantined", "reason": "malware"}}), JSON),
        (
            (
                '<meta name="pypi:project-status" content="quarantined">'
                '<meta name="pypi:project-status-reason" content="malware">'
            ),
            HTML,
        ),
    ],
    ids=["json", "html"],
)
def test_the_status_of_the_project_is_read(body: bytes | str, content_type: str) -> None:
    page = parse(body, content_type)

    assert (page.status, page.status_reason) == ("quarantined", "malware")


def test_an_unknown_status_counts_as_active_with_a_note() -> None:
    page = parse(json_page(**{"project-status": {"status": "asleep"}}))

    assert page.status == "active"
    assert page.notes == [
        (
            'project-status.status is "asleep", which PEP 792 does not know; '
            "the project counts as active."
        )
    ]


def test_a_page_of_latin_letters_is_decoded() -> None:
    body = '<a href="foo-1.0.zip" data-yanked="für">x</a>'.encode("latin-1")

    assert parse(body, "text/html; charset=ISO-8859-1").files[0].yanked == "für"


def test_upload_times_come_from_the_legacy_document() -> None:
    page = a_page(a_page_file("foo-1.0.zip"), a_page_file("foo-2.0.zip"))

    fill_upload_times(page, a_page(a_page_file("foo-1.0.zip", upload_time=day(3))))

    assert [file.upload_time for file in page.files] == [day(3), None]
