"""
What the values of a catalogue must look like. Written once: forms, importers and commands all
reach these through ``full_clean()``. Each message quotes the value and says what would be right.
"""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

PYTHON = re.compile(r"3\.(0|[1-9]\d?)")
# PEP 508: letters, digits, and . _ - inside.
PROJECT = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE)
FACTOR = re.compile(r"[a-z][a-z0-9_]*(-[a-z0-9_]+)*")
# What tox or the portal itself gives a meaning to.
RESERVED_FACTOR = re.compile(r"latest|layout|py|py\d.*|v\d.*|pypy.*|cpython.*")
SERVICE = re.compile(r"[a-z][a-z0-9_-]*")


def validate_python(value: str) -> None:
    if not PYTHON.fullmatch(value):
        raise ValidationError(f'"{value}" is not a Python version. Write it as 3.12.', "python")


def validate_pythons(value: str) -> None:
    """Accept ``3.9 3.10 3.11``: at least one, each once."""
    words = value.replace(",", " ").split()
    if not words:
        raise ValidationError("Name at least one Python, such as 3.12.", "pythons")
    for word in words:
        validate_python(word)
    if doubles := sorted({word for word in words if words.count(word) > 1}):
        raise ValidationError(f"{', '.join(doubles)} is named more than once.", "pythons")


def validate_specifier_set(value: str) -> None:
    """Accept a PEP 440 specifier set such as ``>=0.16,<0.17``."""
    try:
        SpecifierSet(value)
    except InvalidSpecifier as error:
        raise ValidationError(
            f'"{value}" is not a specifier. {_hint(value)}', "specifier"
        ) from error


def _hint(value: str) -> str:
    mended = re.sub(r"(?<![<>=!~])=([<>])", r"\1=", value)
    mended = re.sub(r"(^|,)\s*=(?=[^=])", r"\1==", mended)
    mended = re.sub(r"(^|,)\s*(?=[\d])", r"\1==", mended).replace(" ", "")
    try:
        SpecifierSet(mended)
    except InvalidSpecifier:
        return "Write it as >=0.16,<0.17."
    return f'Did you mean "{mended}"?'


def validate_version(value: str) -> None:
    try:
        Version(value)
    except InvalidVersion as error:
        raise ValidationError(
            f'"{value}" is not a version (PEP 440). Write it as 1.4.2 or 2.0rc1.', "version"
        ) from error


def validate_project(value: str) -> None:
    if not PROJECT.fullmatch(value):
        raise ValidationError(
            f'"{value}" is not the name of a project. Use letters, digits, ".", "_" and "-", '
            "with a letter or digit at both ends; extras have a field of their own.",
            "project",
        )


def validate_extras(value: str) -> None:
    """Accept ``fastapi, flask``; empty means none."""
    for extra in value.replace(",", " ").split():
        if not PROJECT.fullmatch(extra):
            raise ValidationError(f'"{extra}" is not the name of an extra.', "extra")


def validate_requirements(value: str) -> None:
    """Accept PEP 508 requirements, one on each line; blank lines and # comments are skipped."""
    problems = []
    for number, line in enumerate(value.splitlines(), start=1):
        text = line.partition(" #")[0].strip()
        if not text or text.startswith("#"):
            continue
        try:
            Requirement(text)
        except InvalidRequirement as error:
            reason = str(error).splitlines()[0]
            problems.append(f'Line {number}: "{text}" is not a requirement ({reason}).')
    if problems:
        raise ValidationError([ValidationError(text, "requirement") for text in problems])


def validate_factor(value: str) -> None:
    """Accept a tox factor, or several joined by dashes: ``langchain-base``."""
    if not FACTOR.fullmatch(value):
        raise ValidationError(
            f'"{value}" is not a tox factor. Use lower-case letters, digits and "_", start with a '
            'letter, and join parts with "-": langchain-base.',
            "factor",
        )
    for part in value.split("-"):
        if RESERVED_FACTOR.fullmatch(part):
            raise ValidationError(
                f'"{part}" in "{value}" means something else in an environment\'s name '
                "(a Python, a version or the alias). Choose another name.",
                "factor",
            )


def validate_test_path(value: str) -> None:
    """Accept a relative path of the SDK's repository, without blanks."""
    if value.startswith("/") or ".." in value.split("/") or re.search(r"[\s#{}:\\]", value):
        raise ValidationError(
            f'"{value}" is not a path inside the repository. Write it as tests/integrations/httpx, '
            "without blanks, braces, colons or back slashes.",
            "test_path",
        )


def validate_services(value: str) -> None:
    for service in value.replace(",", " ").split():
        if not SERVICE.fullmatch(service):
            raise ValidationError(
                f'"{service}" is not the name of a service. Write names such as postgres, redis.',
                "service",
            )


def validate_index_url(value: str) -> None:
    """Accept the address of a simple index. Credentials belong into the environment."""
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"}:
        raise ValidationError(
            f'"{value}" is not the address of an index. Write it as https://HOST/simple/.', "index"
        )
    if parts.username or parts.password:
        raise ValidationError(
            "Leave user and password out of the address: give them to the portal in "
            "PORTAL_INDEX_CREDENTIALS.",
            "index",
        )
    if parts.query or parts.fragment:
        raise ValidationError(
            f'"{value}" has a "?" or "#" part; an index has none: https://HOST/simple/.', "index"
        )


def validate_link(value: str) -> None:
    try:
        URLValidator(schemes=["http", "https"])(value)
    except ValidationError as error:
        raise ValidationError(
            f'"{value}" is not an address. Write it whole: https://example.org/issues/7.', "link"
        ) from error


def validate_pins_style(value: str) -> None:
    if value in {"constraints", "inline"}:
        raise ValidationError(
            f'"{value}" needs the pins of resolved environments, which this version of the portal '
            'does not make yet. Choose "none".',
            "pins_style",
        )


def words(value: str) -> list[str]:
    """Split a list that people type: commas and blanks both separate."""
    return value.replace(",", " ").split()


def sorted_pythons(value: str) -> str:
    """Normalise ``3.10, 3.9`` to ``3.9 3.10``."""
    return " ".join(sorted(words(value), key=lambda text: int(text.partition(".")[2])))


def canonical_project(value: str) -> str:
    """Normalise by PEP 503."""
    return canonicalize_name(value)
