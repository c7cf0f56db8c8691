"""What the values of a catalogue must look like."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given

from integrations.catalogue import validators as check
from tests.catalogue.rubbish import texts

# ruff: noqa: E501  (A table of values and messages reads best with each on its line.)
Validator = Callable[[str], None]


@pytest.mark.parametrize(
    ("validator", "value"),
    [
        (check.validate_python, "3.0"),
        (check.validate_python, "3.14"),
        (check.validate_pythons, "3.9"),
        (check.validate_pythons, "3.10, 3.9 3.14"),
        (check.validate_specifier_set, ""),
        (check.validate_specifier_set, ">=0.16,<0.17"),
        (check.validate_specifier_set, "!=2.0.0a1, <3"),
        (check.validate_specifier_set, "===anything"),
        (check.validate_version, "1!2.0rc1"),
        (check.validate_project, "x"),
        (check.validate_project, "Zope.Interface_2"),
        (check.validate_extras, ""),
        (check.validate_extras, "fastapi, flask"),
        (check.validate_requirements, "a\n\n# why\nb[c]>=1; python_version<'3.9' # because"),
        (check.validate_requirements, "x @ https://example.org/x-1.0.tar.gz"),
        (check.validate_factor, "openai_agents"),
        (check.validate_factor, "langchain-base"),
        (check.validate_factor, "httpx2"),
        (check.validate_factor, "pymongo"),
        (check.validate_factor, "pyramid"),
        (check.validate_test_path, "tests/integrations/httpx"),
        (check.validate_services, "postgres, redis-7"),
        (check.validate_index_url, "http://localhost:8000/simple/"),
        (check.validate_index_url, "http://[::1]:8000/simple/"),
        (check.validate_index_url, "https://example.org/a%20b/~team/+x/simple/"),
        (check.validate_link, "https://example.org/issues/7"),
        (check.validate_text, "two\nlines\tand a tab"),
        (check.validate_line, "Ünïcödé — fine"),
    ],
)
def test_what_is_accepted(validator: Validator, value: str) -> None:
    validator(value)


@pytest.mark.parametrize(
    ("validator", "value", "message"),
    [
        (check.validate_python, "3", '"3" is not a Python version. Write it as 3.12.'),
        (check.validate_python, "3.012", '"3.012" is not a Python version. Write it as 3.12.'),
        (check.validate_python, "3.\u0661", '"3.\u0661" is not a Python version. Write it as 3.12.'),
        (check.validate_python, "3.12\n", '"3.12\\n" is not a Python version. Write it as 3.12.'),
        (check.validate_pythons, " , ", "Name at least one Python, such as 3.12."),
        (check.validate_pythons, "3.9 3.9 3.10", "3.9 is named more than once."),
        (check.validate_specifier_set, "=>2.0", '"=>2.0" is not a specifier. Did you mean ">=2.0"?'),
        (check.validate_specifier_set, "2.0", '"2.0" is not a specifier. Did you mean "==2.0"?'),
        (check.validate_specifier_set, "=2.0", '"=2.0" is not a specifier. Did you mean "==2.0"?'),
        (check.validate_specifier_set, "newest", '"newest" is not a specifier. Write it as >=0.16,<0.17.'),
        (check.validate_specifier_set, ">=" + "1" * 300, '">=11111111111111111111111111111111111111111111111111111111111111111111111111111…" is too long for a specifier.'),
        (check.validate_version, "1.x", '"1.x" is not a version (PEP 440). Write it as 1.4.2 or 2.0rc1.'),
        (check.validate_version, "9" * 5000, '"9999999999999999999999999999999999999999999999999999999999999999999999999999999…" is too long for a version.'),
        (check.validate_project, "-x", '"-x" is not the name of a project. Use letters, digits, ".", "_" and "-", with a letter or digit at both ends; extras have a field of their own.'),
        (check.validate_project, "gql[all]", '"gql[all]" is not the name of a project. Use letters, digits, ".", "_" and "-", with a letter or digit at both ends; extras have a field of their own.'),
        (check.validate_project, "\u212aelvin", '"\u212aelvin" is not the name of a project. Use letters, digits, ".", "_" and "-", with a letter or digit at both ends; extras have a field of their own.'),
        (check.validate_extras, "a, [b]", '"[b]" is not the name of an extra.'),
        (check.validate_requirements, "a\nb c", 'Line 2: "b c" is not a requirement (Expected semicolon (after name with no version specifier) or end).'),
        (check.validate_requirements, "a{posargs}", 'Line 1: "a{posargs}" has a brace, which tox would replace. Write it without.'),
        (check.validate_requirements, "-r other.txt", 'Line 1: "-r other.txt" is not a requirement (Expected package name at the start of dependency specifier).'),
        (check.validate_factor, "Httpx", '"Httpx" is not a tox factor. Use lower-case letters, digits and "_", start with a letter, and join parts with "-": langchain-base.'),
        (check.validate_factor, "a-latest", '"latest" in "a-latest" means something else in an environment\'s name (a Python, a version or the alias). Choose another name.'),
        (check.validate_factor, "py39", '"py39" in "py39" means something else in an environment\'s name (a Python, a version or the alias). Choose another name.'),
        (check.validate_factor, "layout", '"layout" in "layout" means something else in an environment\'s name (a Python, a version or the alias). Choose another name.'),
        (check.validate_test_path, "/etc", '"/etc" is not a path inside the repository. Write it as tests/integrations/httpx, without blanks, braces, colons or back slashes.'),
        (check.validate_test_path, "a/../..", '"a/../.." is not a path inside the repository. Write it as tests/integrations/httpx, without blanks, braces, colons or back slashes.'),
        (check.validate_services, "Redis", '"Redis" is not the name of a service. Write names such as postgres, redis.'),
        (check.validate_index_url, "http://[::1", '"http://[::1" is not the address of an index. Write it as https://HOST/simple/.'),
        (check.validate_index_url, "http://example.org:abc/", '"http://example.org:abc/" is not the address of an index. Write it as https://HOST/simple/.'),
        *((check.validate_index_url, f"https://example.org/{odd}/simple/", f'"https://example.org/{odd}/simple/" holds "{odd[0]}", which no address of an index needs. Files that run contain it: write letters, digits and - . _ ~ / : % + @ = , only.') for odd in ("$(touch", "'x'", "`x`", "|x", ";x", "&x", ">x", "{x", " x", "é")),
        (check.validate_index_url, "https://u:p@example.org/", "Leave user and password out of the address: give them to the portal in PORTAL_INDEX_CREDENTIALS."),
        (check.validate_index_url, "https://example.org/?a", '"https://example.org/?a" has a "?" or "#" part; an index has none: https://HOST/simple/.'),
        (check.validate_link, "issue 7", '"issue 7" is not an address. Write it whole: https://example.org/issues/7.'),
        (check.validate_link, "javascript:alert(1)", '"javascript:alert(1)" is not an address. Write it whole: https://example.org/issues/7.'),
        (check.validate_text, "a\0b", "The text holds the character U+0000, which does not print. Take it out."),
        (check.validate_text, "a\ud800b", "The text holds the character U+D800, which does not print. Take it out."),
        (check.validate_line, "a\nb", "Write it on one line, without tabs."),
        (check.validate_line, "a\u2028b", "Write it on one line, without tabs."),
    ],
)  # fmt: skip
def test_what_is_refused_and_in_which_words(validator: Validator, value: str, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validator(value)

    assert refused.value.messages == [message]


def test_every_bad_line_of_requirements_is_named() -> None:
    with pytest.raises(ValidationError) as refused:
        check.validate_requirements("a b\nfine\nc d")

    assert [message.partition(":")[0] for message in refused.value.messages] == ["Line 1", "Line 3"]


VALIDATORS = [found for name, found in vars(check).items() if name.startswith("validate_")]


@pytest.mark.parametrize("validator", VALIDATORS, ids=lambda validator: validator.__name__)
@given(value=texts(surrogates=True))
def test_no_text_makes_a_validator_raise_anything_else(validator: Validator, value: str) -> None:
    try:
        validator(value)
    except ValidationError as refused:
        said = refused.messages
    else:
        said = ["fine"]

    assert all(len(message) < 700 and message.isprintable() for message in said)
