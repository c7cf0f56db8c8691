"""The page on which a file declares what an application needs: shown first, then saved so."""

import html
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client

from portal.guidance import declaring
from portal.guidance.declaring import MOST_BYTES, NotTakenOver, save, take
from portal.guidance.models import Application, DependencySet
from tests.catalogue.makers import history_of
from tests.guidance.makers import an_application
from tests.pages.conftest import text_of

pytestmark = pytest.mark.django_db
As = Callable[..., Client]
PATH = "/applications/shop/declare/"
PYPROJECT = b"""
[project]
dependencies = ["django>=5.2", "gunicorn"]
[dependency-groups]
dev = ["pytest"]
"""
MEANWHILE = "Somebody changed the sets since they were shown."


def uploaded(client: Client, name: str, body: bytes) -> str:
    return text_of(client.post(PATH, {"file": SimpleUploadedFile(name, body)}))


def confirmed(client: Client, page: str, **changed: str) -> str:
    """Press the button of a preview: everything that it shows is sent back."""
    hidden = re.findall(r'<input type="hidden" name="(name|shown)" value="([^"]*)">', page)
    (text,) = re.findall(r'<textarea name="text" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    values = {name: html.unescape(value) for name, value in [*hidden, ("text", text)]}
    return text_of(client.post(PATH, {"save": "1", **values, **changed}, follow=True))


def declared(application: Application) -> dict[str, str]:
    return dict(application.sets.values_list("name", "requirements"))


def test_a_file_is_shown_before_it_is_saved(as_: As) -> None:
    application, client = an_application(), as_("maintainers")

    page = uploaded(client, "pyproject.toml", PYPROJECT)

    assert "Declare 2 sets" in page
    assert "New set" in page
    assert declared(application) == {"main": "rsfoo"}

    confirmed(client, page)

    assert declared(application) == {"main": "django>=5.2\ngunicorn", "dev": "pytest"}
    reasons = history_of(DependencySet).values_list("history_change_reason", flat=True)
    assert "taken from pyproject.toml" in reasons


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        pytest.param("poetry.lock", b"x", "is none of the files that are read", id="unknown"),
        pytest.param("notes.txt", b"x", "*.in, requirements*.txt, *requirements.txt", id="a text"),
        pytest.param("main.in", b"\xff", "not UTF-8 text: byte 0", id="not UTF-8"),
        pytest.param("main.in", b"#" * (MOST_BYTES + 1), "larger than 1,000,000", id="too large"),
        pytest.param("main.in", b"-e .", "is an option, not a requirement", id="an option"),
        pytest.param("main.in", b"# nothing", "main.in declares nothing", id="nothing"),
        pytest.param("main.in", b"x @ http://127.0.0.1/x.whl", "from an address", id="an address"),
        pytest.param("setup.cfg", b"no section", "must come first", id="not a file of its kind"),
    ],
)
def test_nothing_is_saved_of_a_file_with_a_problem(
    name: str, body: bytes, sentence: str, as_: As
) -> None:
    application, client = an_application(), as_("maintainers")

    page = uploaded(client, name, body)

    assert "Nothing was taken over" in page
    assert sentence in page
    assert 'name="save"' not in page
    values = {"save": "1", "name": name, "text": body.decode(errors="replace")}
    text_of(client.post(PATH, values, follow=True))
    assert declared(application) == {"main": "rsfoo"}


def test_a_page_tells_so_many_problems_and_no_more(as_: As) -> None:
    an_application()

    page = uploaded(as_("maintainers"), "main.in", b"!\n" * 490_000)

    assert page.count("is not a requirement") == 50
    assert "More is wrong: the first 50 problems are told." in page
    assert len(page) < 50_000


def test_what_somebody_changed_meanwhile_is_shown_before_it_is_lost(as_: As) -> None:
    application, client = an_application(), as_("maintainers")
    page = uploaded(client, "requirements.in", b"rsfoo\nx\n")
    main = application.sets.get(name="main")
    main.requirements = "rsfoo\nsecurity-fix>=2"
    main.save()

    again = confirmed(client, page)

    assert MEANWHILE in again
    assert declared(application) == {"main": "rsfoo\nsecurity-fix>=2"}
    assert "<code>security-fix&gt;=2</code>" in again

    confirmed(client, again)

    assert declared(application) == {"main": "rsfoo\nx"}


def test_a_set_that_somebody_added_meanwhile_is_shown(as_: As) -> None:
    application, client = an_application(), as_("maintainers")
    page = uploaded(client, "dev.in", b"x\n")
    DependencySet.objects.create(application=application, name="dev", requirements="other")

    assert MEANWHILE in confirmed(client, page)
    assert declared(application) == {"main": "rsfoo", "dev": "other"}


def test_another_text_than_the_one_that_was_shown_is_not_saved(as_: As) -> None:
    application, client = an_application(), as_("maintainers")
    page = uploaded(client, "dev.in", b"x\n")

    assert MEANWHILE in confirmed(client, page, text="y\n")
    assert MEANWHILE in confirmed(client, page, shown="")
    assert declared(application) == {"main": "rsfoo"}


def test_of_two_who_add_one_set_at_the_same_moment_one_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    application = an_application()
    taken = take(application, "dev.in", "x\n")

    def refuse(row: DependencySet) -> None:
        raise IntegrityError

    monkeypatch.setattr(DependencySet, "save", refuse)

    with pytest.raises(NotTakenOver, match=MEANWHILE):
        save(application, taken, shown=taken.shown)


def test_what_is_refused_when_it_is_saved_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    application = an_application()
    taken = take(application, "dev.in", "x\n")
    monkeypatch.setattr(declaring, "_digest", lambda *_: taken.shown)
    DependencySet.objects.create(application=application, name="docs", requirements="x")
    monkeypatch.setattr(
        declaring, "_row", lambda *_: DependencySet(application=application, name="docs")
    )

    with pytest.raises(NotTakenOver, match="has a set of that name already"):
        save(application, taken, shown=taken.shown)


@pytest.mark.parametrize("name", ["\0evil/requirements.in", "a\nb.in", "x" * 300 + ".in", ""])
def test_a_name_that_no_file_has_is_refused(name: str, as_: As) -> None:
    application, client = an_application(), as_("maintainers")

    page = text_of(client.post(PATH, {"save": "1", "name": name, "text": "x\n"}))

    assert "is not the name of a file" in page
    assert declared(application) == {"main": "rsfoo"}
    reasons = history_of(DependencySet).values_list("history_change_reason", flat=True)
    assert [reason for reason in reasons if reason and "taken from" in reason] == []


def test_who_may_change_sets_alone_adds_none(client: Client) -> None:
    application = an_application()
    user = User.objects.create_user("ben")
    codenames = ["view_proposal", "change_dependencyset"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)

    page = uploaded(client, "pyproject.toml", PYPROJECT)
    values = {"save": "1", "name": "dev.in", "text": "x\n"}
    values["shown"] = take(application, "dev.in", "x\n").shown
    posted = text_of(client.post(PATH, values, follow=True))

    for told in (page, posted):
        assert "dev would be a new set. You may change sets" in told
    assert declared(application) == {"main": "rsfoo"}
    confirmed(client, uploaded(client, "main.in", b"gunicorn\n"))
    assert declared(application) == {"main": "gunicorn"}
