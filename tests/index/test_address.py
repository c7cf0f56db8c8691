import pytest
from distlib.index import DEFAULT_INDEX
from pytest_django.fixtures import Settings

from integrations.index.address import (
    Login,
    Origin,
    clean_url,
    configured_logins,
    default_index_url,
    legacy_url,
    logins,
)


def test_the_public_index_is_the_one_that_a_library_names() -> None:
    url = default_index_url()

    assert url.endswith("/simple/")
    assert Origin.of(url) == Origin.of(DEFAULT_INDEX)
    assert legacy_url(url) == f"{DEFAULT_INDEX}/"


def test_the_configured_index_loses_its_credentials(settings: Settings) -> None:
    settings.PORTAL_INDEX_URL = "https://me:secret@index.test/root/simple?x=1"

    assert default_index_url() == "https://index.test/root/simple/"
    assert configured_logins() == {Origin("https", "index.test", 443): Login("me", "secret")}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://index.test/simple/", "https://index.test/pypi/"),
        ("https://index.test/api/foo/simple", "https://index.test/api/foo/pypi/"),
        ("https://index.test/root/+simple/", None),
        ("https://index.test/folder/", None),
    ],
)
def test_the_legacy_documents_lie_beside_a_simple_index(url: str, expected: str | None) -> None:
    assert legacy_url(url) == expected


def test_credentials_belong_to_scheme_host_and_port() -> None:
    found = logins(["https://a%40b:p%3Aq@Index.test:8443/x", "https://other.test/"])

    assert found == {Origin("https", "index.test", 8443): Login("a@b", "p:q")}
    assert "p:q" not in repr(found)


def test_an_address_is_cleaned_of_what_must_not_be_stored() -> None:
    assert clean_url(" https://me:secret@index.test/simple#x ") == "https://index.test/simple/"
