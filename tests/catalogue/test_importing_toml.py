"""Mistakes in our own form: all of them, each with its place, and nothing saved."""

from pathlib import Path

import pytest

from integrations.catalogue.apply import apply
from integrations.catalogue.importing import ImportRefused, SourceFile
from integrations.catalogue.importing.toml import read_toml
from integrations.catalogue.models import Hold, Integration, Sdk
from tests.catalogue.makers import a_group, a_hold, an_integration, an_sdk, history_of

pytestmark = pytest.mark.django_db
# ruff: noqa: E501  (A table of mistakes reads best with each on its line.)

START = """
format = 1
[sdk]
name = "Kit"
pythons = ["3.9", "3.10"]
[[groups]]
name = "Network"
"""
HTTPX = """
[integrations.httpx]
group = "Network"
project = "httpx"
test_path = "tests/integrations/httpx"
"""


def mistakes(text: str, slug: str = "kit") -> list[str]:
    """Import *text*, and return what is wrong with it."""
    try:
        apply(read_toml(SourceFile("kit.toml", text)), slug=slug, reason="test")
    except ImportRefused as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("format = \n[sdk]", ["kit.toml, line 1, column 10: is not TOML: Invalid value."], id="no value"),
        pytest.param("a = 1\na = 2\n", ["kit.toml, line 2, column 6: is not TOML: Cannot overwrite a value."], id="a key twice"),
        pytest.param('a = "', ["kit.toml, at its end: is not TOML: Unterminated string."], id="an open text"),
        pytest.param("a = " + "9" * 5000, ["kit.toml: is not TOML: a number has thousands of digits."], id="a number of 5,000 digits"),
        pytest.param("a = " + "[" * 20_000, ["kit.toml: is nested too deeply. A catalogue is not."], id="deep nesting"),
        pytest.param("", ["format: is missing. It must be the number 1.", "sdk: is missing. It must be a table."], id="an empty file"),
        pytest.param(START.replace("= 1", "= 2"), ["format: 2 is not known: this portal reads 1."], id="another format"),
        pytest.param(START.replace("= 1", "= true"), ["format: True stands where the number 1 is needed."], id="true is not 1"),
        pytest.param(START + 'more = 1\n', ['groups[0].more: "more" is not a key that belongs here. Did you mean "order"?'], id="an unknown key"),
        pytest.param(START.replace("[sdk]", '[sdk]\ncooldown_day = 3'), ['sdk.cooldown_day: "cooldown_day" is not a key that belongs here. Did you mean "cooldown_days"?'], id="a misspelt key"),
        pytest.param(START + HTTPX + "minimum = 0.16", ['integrations.httpx.minimum: The value "0.16" stands where a text is needed.'], id="a number for a version"),
        pytest.param(START + HTTPX + "number_of_versions = nan", ['integrations.httpx.number_of_versions: The value "nan" stands where a whole number is needed.'], id="not a number"),
        pytest.param(START + HTTPX + "number_of_versions = true", ["integrations.httpx.number_of_versions: True stands where a whole number is needed."], id="true for a number"),
        pytest.param(START + HTTPX + "number_of_versions = 1", ["integrations.httpx.number_of_versions: Ensure this value is greater than or equal to 2."], id="too few versions"),
        pytest.param(START + HTTPX + "is_paused = 1", ['integrations.httpx.is_paused: The value "1" stands where true or false is needed.'], id="a number for true"),
        pytest.param(START + HTTPX + 'minimum = "one"', ['integrations.httpx.minimum: "one" is not a version (PEP 440). Write it as 1.4.2 or 2.0rc1.'], id="no version"),
        pytest.param(START + HTTPX + 'extras = ["a b"]', ['integrations.httpx.extras[0]: "a b" is more than one. Write each as a text of its own.'], id="two words in one text"),
        pytest.param(START + HTTPX + 'extras = "a"', ['integrations.httpx.extras: The text "a" stands where a list of texts is needed.'], id="a text for a list"),
        pytest.param(START + HTTPX + 'rules = [{ releases = "=>1", requirements = ["a"] }, { requirements = ["a", "b c", 3] }]', ['integrations.httpx.rules[1].requirements[2]: The value "3" stands where a text is needed.', 'integrations.httpx.rules[0].releases: "=>1" is not a specifier. Did you mean ">=1"?', 'integrations.httpx.rules[1].requirements[1]: "b c" is not a requirement (Expected semicolon (after name with no version specifier) or end).'], id="several mistakes in rules"),
        pytest.param(START + HTTPX + 'rules = [{ requirements = ["a", "# b", "b c"] }]', ['integrations.httpx.rules[0].requirements[2]: "b c" is not a requirement (Expected semicolon (after name with no version specifier) or end).'], id="the place of a requirement"),
        pytest.param(START + HTTPX + 'rules = [{ requirements = ["a\\nb"] }]', ['integrations.httpx.rules[0].requirements[0]: "a\\nb" has more than one line. Write each as a text of its own.'], id="two lines in one requirement"),
        pytest.param(START + HTTPX + "rules = [{}]", ["integrations.httpx.rules[0].requirements: is missing. It must be a list of texts."], id="a rule without requirements"),
        pytest.param(START + HTTPX + "rules = [{ requirements = [] }]", ["integrations.httpx.rules[0].requirements: This field cannot be blank."], id="a rule with no requirements"),
        pytest.param(START + HTTPX + "rules = [1]", ['integrations.httpx.rules[0]: The value "1" stands where a table is needed.'], id="a number for a rule"),
        pytest.param(START + HTTPX + 'owner = "a\\u0000b"', ["integrations.httpx.owner: The text holds the character U+0000, which does not print. Take it out."], id="a NUL"),
        pytest.param(START + HTTPX + 'holds = [{ project = "x", reason = "r" }]', ["integrations.httpx.holds[0].project: An integration's hold is on its own project. Leave it out."], id="the project of an integration's hold"),
        pytest.param(START + HTTPX + 'holds = [{ reason = "r", starts_on = 2026-01-02, ends_on = 2026-01-02 }]', ["integrations.httpx.holds[0]: A hold must end after it starts."], id="a hold without a day"),
        pytest.param(START + HTTPX + 'holds = [{ reason = "r", ends_on = 2026-01-02T03:04:05 }]', ['integrations.httpx.holds[0].ends_on: The value "2026-01-02 03:04:05" stands where a date such as 2026-11-30 is needed.'], id="a moment for a date"),
        pytest.param(START + HTTPX + 'holds = [{ releases = ">=1", reason = "broken" }]\npinned_picks = [{ version = "1.2", reason = "r" }]', ["integrations.httpx.pinned_picks[0].version: 1.2 is held back (httpx >=1: broken). End the hold first."], id="a pinned pick that is held"),
        pytest.param(START + HTTPX + 'pinned_picks = [{ version = "1.0", reason = "r" }, { version = "1.0", reason = "s" }]', ["integrations.httpx.pinned_picks[1]: This release is pinned already."], id="a pinned pick twice"),
        pytest.param(START + HTTPX.replace('"Network"', '"Net"'), ['integrations.httpx.group: "Net" is not a group of this file.'], id="an unknown group"),
        pytest.param(START + "[[groups]]\nname = 'network'\n", ['groups[1].name: "network" is the name of an earlier group.'], id="a group twice"),
        pytest.param(START + HTTPX + HTTPX.replace(".httpx", ".httpx-base"), ['integrations.httpx-base.name: tox would apply the lines of "httpx" to "httpx-base" too, whose factors include it. Rename one: httpx-base.'], id="shared factors"),
        pytest.param(START + HTTPX.replace(".httpx", '."a b"'), ['integrations."a b".name: "a b" is not a tox factor. Use lower-case letters, digits and "_", start with a letter, and join parts with "-": langchain-base.'], id="a name that is no factor"),
        pytest.param(START.replace("[sdk]", '[sdk]\npropose_on = "someday"'), ['sdk.propose_on: "someday" is not a day. Write "monday", or "never".'], id="no day"),
        pytest.param(START.replace("[sdk]", '[sdk]\nfree_threading_from = "3.14"'), ["sdk.free_threading_from: 3.14 is not one of the supported Pythons."], id="free threading from elsewhere"),
        pytest.param('format = 1\n[sdk]\nname = ""\npythons = ["3.x"]\nindex_url = "ftp://x"\n' + HTTPX.replace('"httpx"', '"http x"'), ['integrations.httpx.group: "Network" is not a group of this file.', "sdk.name: This field cannot be blank.", 'sdk.pythons: "3.x" is not a Python version. Write it as 3.12.', 'sdk.index_url: "ftp://x" is not the address of an index. Write it as https://HOST/simple/.', 'integrations.httpx.project: "http x" is not the name of a project. Use letters, digits, ".", "_" and "-", with a letter or digit at both ends; extras have a field of their own.'], id="mistakes everywhere at once"),
    ],
)  # fmt: skip
def test_each_mistake_has_a_place_and_nothing_is_saved(text: str, expected: list[str]) -> None:
    assert mistakes(text) == expected
    assert Sdk.objects.count() == 0


def test_mistakes_leave_an_sdk_that_is_there_as_it_was() -> None:
    an_integration(a_group(an_sdk(name="Before")))

    found = mistakes(START + HTTPX.replace('"httpx"', '"ht tp"').replace("0", "1"))

    assert len(found) == 1
    assert Sdk.objects.get().name == "Before"
    assert history_of(Sdk.objects.get()).count() == 1


def test_a_slug_that_no_sdk_can_have_is_a_mistake() -> None:
    assert mistakes(START, slug="a b") == [
        "sdk.slug: Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."
    ]


def test_a_pinned_pick_that_is_held_everywhere_is_a_mistake() -> None:
    a_hold(project="httpx", releases="<2")

    found = mistakes(START + HTTPX + 'pinned_picks = [{ version = "1.0", reason = "r" }]')

    (mistake,) = found
    assert mistake == (
        "integrations.httpx.pinned_picks[0].version: "
        "1.0 is held back (httpx <2: broken wheels). End the hold first."
    )


def test_what_is_not_in_the_file_goes_with_history_and_a_hold_everywhere_stays() -> None:
    integration = an_integration(a_group(an_sdk(), "Elsewhere"), "flask")
    a_hold(integration=integration)
    everywhere = a_hold(project="flask")

    assert mistakes(START + HTTPX) == []

    assert [each.name for each in Integration.objects.all()] == ["httpx"]
    assert Hold.objects.get() == everywhere
    gone = history_of(Integration).get(name="flask", history_type="-")
    assert gone.history_change_reason == "test"
    assert history_of(Hold).get(history_type="-").history_change_reason == "test"


def test_an_import_that_changes_what_was_approved_asks_for_a_new_approval(
    django_user_model: type, tmp_path: Path
) -> None:
    pick = '\npinned_picks = [{ version = "1.0", reason = "r", skips_cooldown = true }]'
    mistakes(START + HTTPX + pick)
    row = Integration.objects.get().pinned_picks.get()
    row.approved_by = django_user_model.objects.create_user("ben")  # type: ignore[attr-defined]
    row.approved_at = history_of(row).latest().history_date
    row.save()

    mistakes(START + HTTPX + pick.replace('"r"', '"said better"'))
    kept = Integration.objects.get().pinned_picks.get().is_confirmed
    mistakes(START + HTTPX + pick.replace("true", "false"))

    assert kept
    assert not Integration.objects.get().pinned_picks.get().is_confirmed
