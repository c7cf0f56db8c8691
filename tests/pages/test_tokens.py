"""Which addresses take a token, for whose files, and what is said to one that does not work."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.timezone import now

from integrations.catalogue.models import Sdk
from matrix.review.models import Item, Publication
from matrix.rules.rendering import TOX_INI
from portal.accounts.models import Token
from portal.accounts.tokens import Made, revoke
from tests.accounts.makers import a_token, ana, bearing
from tests.pages.makers import a_proposal, a_publication, an_integration, an_sdk
from tests.support.small_index import SmallIndex

As = Callable[..., Client]
FILES = (
    "/sdks/parcels/tox.ini",
    "/sdks/parcels/files/tox.ini",
    "/sdks/parcels/bundle.zip",
    "/publications/parcels/1/files/tox.ini",
    "/publications/parcels/1/bundle.zip",
    "/proposals/2/files/tox.ini",
    "/proposals/2/bundle.zip",
)
CHECK = "/sdks/parcels/check/"
REFUSED = 'Bearer realm="Matrix Portal", error="invalid_token"'


@pytest.fixture
def parcels(sdk: Sdk, index: SmallIndex) -> Sdk:
    """Published once, with another proposal that is open."""
    a_publication(sdk)
    index.add("crates", "3.0")
    a_proposal(sdk)
    return sdk


@pytest.fixture
def token(parcels: Sdk) -> Made:
    return a_token("parcels")


def published() -> str:
    return Publication.objects.get().files.get(path=TOX_INI).read()


def check(client: Client, text: str, **headers: str) -> tuple[int, str]:
    answer = client.post(CHECK, text, content_type="text/plain", headers=headers)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("path", FILES)
def test_a_token_downloads_the_files_of_its_sdk(path: str, token: Made, as_: As) -> None:
    answer = Client().get(path, headers=bearing(token))

    assert answer.status_code == 200
    assert answer.content == as_("viewers").get(path).content
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer.cookies == {}


def test_ci_checks_a_file_with_a_token_and_without_csrf_token(token: Made) -> None:
    client = Client(enforce_csrf_checks=True)

    code, text = check(client, published(), **bearing(token))

    assert (code, text.split("\n")[0]) == (200, "Matches publication 1, which is current.")
    assert Token.objects.get().last_used_at is not None


def test_whose_token_may_download_candidates_may_check_them(parcels: Sdk, token: Made) -> None:
    Sdk.objects.update(public_publications=True)
    candidate = Client().get("/proposals/2/files/tox.ini", headers=bearing(token)).content.decode()

    with_it, without = check(Client(), candidate, **bearing(token)), check(Client(), candidate)

    assert with_it[1].startswith("Matches the candidate of proposal 2")
    assert "candidate" not in without[1]


@pytest.mark.parametrize("path", FILES)
def test_a_token_of_another_sdk_is_told_whose_it_is(path: str, parcels: Sdk) -> None:
    foreign = a_token("letters", name="CI of letters")

    answer = Client().get(path, headers=bearing(foreign))

    asked = "proposal 2" if "proposals" in path else "SDK parcels"
    assert answer.status_code == 403
    assert answer["WWW-Authenticate"].endswith('error="insufficient_scope"')
    assert answer.content.decode().startswith(
        f'The token "CI of letters" is for SDK letters, not for {asked}. A maintainer makes'
    )


def test_a_token_of_an_application_is_none_of_the_sdk_of_its_name(parcels: Sdk) -> None:
    token = a_token("parcels", kind="application")

    answers = [Client().get(path, headers=bearing(token)).status_code for path in FILES]

    assert set(answers) == {403}
    assert check(Client(), "x", **bearing(token))[0] == 403


def test_of_a_proposal_that_is_not_there_a_token_of_one_sdk_learns_nothing(token: Made) -> None:
    everything = a_token(None, name="everything")

    missing, all_of_it = (
        Client().get("/proposals/99/bundle.zip", headers=bearing(each))
        for each in (token, everything)
    )

    assert (missing.status_code, all_of_it.status_code) == (403, 404)
    assert "not for proposal 99." in missing.content.decode()


@pytest.mark.parametrize("path", [*FILES, "/sdks/none/tox.ini"])
def test_a_token_for_everything_reads_all(path: str, parcels: Sdk) -> None:
    answer = Client().get(path, headers=bearing(a_token(None)))

    assert answer.status_code == (404 if "none" in path else 200)


@pytest.mark.parametrize("is_public", [False, True], ids=["private", "public"])
def test_a_token_that_does_not_work_is_refused_where_none_is_needed_too(
    is_public: bool, parcels: Sdk
) -> None:
    Sdk.objects.update(public_publications=is_public)
    expired = a_token("parcels", expires_on=datetime(2026, 11, 17, tzinfo=UTC).date())
    revoked = a_token("parcels", name="old CI")
    revoke(revoked.token, by=ana(), at=now())
    unknown = "Bearer mxp_" + 64 * "0"

    for headers, sentence in (
        (bearing(expired), 'The token "CI" expired on 2026-11-17. A maintainer makes another'),
        (bearing(revoked), 'The token "old CI" was revoked on '),
        (
            {"Authorization": unknown},
            "The portal does not know this token. A maintainer makes another",
        ),
    ):
        answer = Client().get("/sdks/parcels/tox.ini", headers=headers)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, REFUSED)
        assert answer.content.decode().startswith(sentence)
        assert answer["Cache-Control"] == "no-store"
        assert check(Client(), published(), **headers) == (401, answer.content.decode())


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("Bearer", "holds no token. Is the variable with the token set in this job?"),
        ("bearer   ", "holds no token. Is the variable with the token set in this job?"),
        ("Bearer ghp_0123", "holds no token of the portal: those begin with mxp_"),
        ("Basic bXhwXzA6", "Log in, or send a token: Authorization: Bearer mxp_… A maintainer"),
        ("", "Log in, or send a token: Authorization: Bearer mxp_… A maintainer"),
    ],
)
def test_what_is_no_token_of_ours_is_told_so(value: str, sentence: str, parcels: Sdk) -> None:
    for path in FILES:
        answer = Client().get(path, headers={"Authorization": value})
        assert answer.status_code == 401
        assert sentence in answer.content.decode()
        assert answer["WWW-Authenticate"].startswith('Bearer realm="Matrix Portal"')
    assert check(Client(), "x", Authorization=value)[0] == 401


def test_what_a_proxy_sends_of_its_own_disturbs_nobody(parcels: Sdk, as_: As) -> None:
    header = {"Authorization": "Bearer eyJhbGciOi"}

    assert as_("viewers").get("/sdks/parcels/tox.ini", headers=header).status_code == 200
    Sdk.objects.update(public_publications=True)
    assert Client().get("/sdks/parcels/tox.ini", headers=header).status_code == 200


def test_a_token_is_looked_at_before_a_session(parcels: Sdk, as_: As) -> None:
    foreign = a_token("letters")

    assert as_("viewers").get("/sdks/parcels/tox.ini", headers=bearing(foreign)).status_code == 403


# --- Nowhere else --------------------------------------------------------------------------------
def addresses(patterns: list[URLPattern | URLResolver], before: str = "") -> list[str]:
    """Every address of the portal, with values in the place of its parameters."""
    found = []
    for one in patterns:
        here = before + str(one.pattern)
        if isinstance(one, URLResolver):
            found += addresses(one.url_patterns, here)
        else:
            found.append("/" + here)
    return found


def filled(address: str) -> str:
    """``/proposals/<int:number>/`` becomes ``/proposals/2/``."""
    values = {
        "<slug:slug>": "parcels",
        "<int:number>": "2",
        "<int:pk>": str(Item.objects.latest("pk").pk),
        "<path:path>": "tox.ini",
        "<str:name>": "crates",
        "<str:version>": "3.0",
    }
    for parameter, value in values.items():
        address = address.replace(parameter, value)
    return address


TAKES_A_TOKEN = {
    "/proposals/2/files/tox.ini",
    "/proposals/2/bundle.zip",
    "/publications/parcels/2/files/tox.ini",
    "/publications/parcels/2/bundle.zip",
    "/sdks/parcels/bundle.zip",
    "/sdks/parcels/tox.ini",
    "/sdks/parcels/files/tox.ini",
    "/applications/parcels/files/tox.ini",
    "/applications/parcels/bundle.zip",
    "/applications/parcels/publications/2/files/tox.ini",
    "/applications/parcels/publications/2/bundle.zip",
}


def test_no_other_address_takes_a_token(token: Made) -> None:
    everything = a_token(None, name="everything")
    paths = {filled(one) for one in addresses(get_resolver().url_patterns) if "(" not in one}
    ours = {path for path in paths if "<" not in path and not path.startswith("/admin/")}
    bearer, nobody = Client(headers=bearing(everything)), Client()

    differing = {
        path
        for path in ours
        if bearer.get(path).status_code != nobody.get(path).status_code
        or bearer.post(path).status_code != nobody.post(path).status_code
    }

    assert len(ours) > 60
    assert differing - {CHECK} == TAKES_A_TOKEN
    assert CHECK in differing
    assert bearer.get("/admin/accounts/token/").status_code == 302
    assert bearer.get("/", headers={"Accept": "text/html"})["Location"] == "/login/?next=/"


def test_a_download_writes_no_more_than_once_an_hour(token: Made) -> None:
    for _ in range(3):
        Client().get("/sdks/parcels/tox.ini", headers=bearing(token))
    first = Token.objects.get().last_used_at
    assert first is not None
    Token.objects.update(last_used_at=first - timedelta(minutes=30))

    Client().get("/sdks/parcels/tox.ini", headers=bearing(token))

    assert Token.objects.get().last_used_at == first - timedelta(minutes=30)


def test_an_sdk_that_is_added_later_is_not_read_by_tokens_of_others(
    token: Made, index: SmallIndex
) -> None:
    letters = an_sdk(index.url, "letters", name="Letters")
    an_integration(letters, "labels")
    number = a_proposal(letters).number

    answer = Client().get(f"/proposals/{number}/bundle.zip", headers=bearing(token))

    assert answer.status_code == 403
