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

# The longest values that columns take. Parsers are not given more: a number of 5,000 digits or a
# thousand brackets makes them raise what no form expects.
LONGEST_VERSION = 60
LONGEST_SPECIFIER = 200
LONGEST_REQUIREMENT = 300
LONGEST_TEXT = 20_000
LONGEST_FRAME = 1_000_000
LONGEST_QUOTE = 80

PYTHON = re.compile(r"3\.(0|[1-9][0-9]?)")
# PEP 508: letters, digits, and . _ - inside.
PROJECT = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE | re.ASCII)
FACTOR = re.compile(r"[a-z][a-z0-9_]*(-[a-z0-9_]+)*")
# What tox or the portal itself gives a meaning to.
RESERVED_FACTOR = re.compile(r"latest|layout|py|py\d.*|v\d.*|pypy.*|cpython.*")
# Of an address: nothing that a shell, YAML or a Dockerfile reads as anything but itself.
INDEX_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/%+@=,\[\]-]")
SERVICE = re.compile(r"[a-z][a-z0-9_-]*")
# C0 and C1 controls but for tab and newline, and the halves of surrogate pairs.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
BREAK = re.compile("[\t\n\u2028\u2029]")


def quoted(value: str, *, most: int = LONGEST_QUOTE) -> str:
    """Quote *value* for a message: cut when it is long, and nothing that does not print."""
    text = value if len(value) <= most else f"{value[: most - 1]}…"
    return '"' + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text) + '"'


def validate_text(value: str) -> None:
    """Refuse what a database or a page cannot hold: control characters and half surrogates."""
    if found := CONTROL.search(value):
        raise ValidationError(
            f"The text holds the character U+{ord(found[0]):04X}, which does not print. "
            "Take it out.",
            "text",
        )


def validate_line(value: str) -> None:
    """Accept text on one line."""
    validate_text(value)
    if BREAK.search(value):
        raise ValidationError("Write it on one line, without tabs.", "line")


def validate_python(value: str) -> None:
    if not PYTHON.fullmatch(value):
        raise ValidationError(
            f"{quoted(value)} is not a Python version. Write it as 3.12.", "python"
        )


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
    if len(value) > LONGEST_SPECIFIER:
        raise ValidationError(f"{quoted(value)} is too long for a specifier.", "specifier")
    try:
        SpecifierSet(value)
    except InvalidSpecifier as error:
        raise ValidationError(
            f"{quoted(value)} is not a specifier. {_hint(value)}", "specifier"
        ) from error


def _hint(value: str) -> str:
    mended = re.sub(r"(?<![<>=!~])=([<>])", r"\1=", value)
    mended = re.sub(r"(^|,)\s*=(?=[^=])", r"\1==", mended)
    mended = re.sub(r"(^|,)\s*(?=[\d])", r"\1==", mended).replace(" ", "")
    try:
        SpecifierSet(mended)
    except InvalidSpecifier:
        return "Write it as >=0.16,<0.17."
    return f"Did you mean {quoted(mended)}?"


def validate_version(value: str) -> None:
    if len(value) > LONGEST_VERSION:
        raise ValidationError(f"{quoted(value)} is too long for a version.", "version")
    try:
        Version(value)
    except InvalidVersion as error:
        raise ValidationError(
            f"{quoted(value)} is not a version (PEP 440). Write it as 1.4.2 or 2.0rc1.", "version"
        ) from error


def validate_project(value: str) -> None:
    if not PROJECT.fullmatch(value):
        raise ValidationError(
            f'{quoted(value)} is not the name of a project. Use letters, digits, ".", "_" and "-", '
            "with a letter or digit at both ends; extras have a field of their own.",
            "project",
        )


def validate_extras(value: str) -> None:
    """Accept ``fastapi, flask``; empty means none."""
    for extra in value.replace(",", " ").split():
        if not PROJECT.fullmatch(extra):
            raise ValidationError(f"{quoted(extra)} is not the name of an extra.", "extra")


def validate_requirements(value: str) -> None:
    """Accept PEP 508 requirements, one on each line; blank lines and # comments are skipped."""
    problems = []
    for number, text in numbered_requirements(value):
        try:
            validate_requirement(text)
        except ValidationError as error:
            # In the params: a message with params is a format, and the text may hold a "%".
            params = {"text": f"Line {number}: {error.message}", "line": number}
            problems.append(ValidationError("%(text)s", "requirement", params))
    if problems:
        raise ValidationError(problems)


def validate_requirement(text: str) -> None:
    """Accept one PEP 508 requirement that tox hands to the installer as it stands."""
    if len(text) > LONGEST_REQUIREMENT:
        raise ValidationError(f"{quoted(text)} is too long for a requirement.", "requirement")
    if "{" in text or "}" in text:
        raise ValidationError(
            f"{quoted(text)} has a brace, which tox would replace. Write it without.", "requirement"
        )
    try:
        Requirement(text)
    except (InvalidRequirement, RecursionError) as error:
        reason = str(error).splitlines()[0] if isinstance(error, InvalidRequirement) else "nested"
        raise ValidationError(
            f"{quoted(text)} is not a requirement ({reason}).", "requirement"
        ) from error


def validate_constraint(value: str) -> None:
    """Accept what pip takes as a constraint: one project with a bound, and nothing else."""
    validate_requirement(value)
    found = Requirement(value)
    if found.extras or found.url or found.marker or not found.specifier:
        raise ValidationError(
            f"{quoted(value)} is not one project and a bound. Write: setuptools<82.", "constraint"
        )


def numbered_requirements(value: str) -> list[tuple[int, str]]:
    """Return (number of the line, requirement), without comments and blank lines."""
    texts = [
        (number, line.partition(" #")[0].strip())
        for number, line in enumerate(value.splitlines(), start=1)
    ]
    return [(number, text) for number, text in texts if text and not text.startswith("#")]


def validate_factor(value: str) -> None:
    """Accept a tox factor, or several joined by dashes: ``langchain-base``."""
    if not FACTOR.fullmatch(value):
        raise ValidationError(
            f'{quoted(value)} is not a tox factor. Use lower-case letters, digits and "_", '
            'start with a letter, and join parts with "-": langchain-base.',
            "factor",
        )
    for part in value.split("-"):
        if RESERVED_FACTOR.fullmatch(part):
            raise ValidationError(
                f"{quoted(part)} in {quoted(value)} means something else in an environment's name "
                "(a Python, a version or the alias). Choose another name.",
                "factor",
            )


def validate_test_path(value: str) -> None:
    """Accept a relative path of the SDK's repository, without blanks."""
    if value.startswith("/") or ".." in value.split("/") or re.search(r"[\s#{}:\\]", value):
        raise ValidationError(
            f"{quoted(value)} is not a path inside the repository. "
            "Write it as tests/integrations/httpx, without blanks, braces, colons or back slashes.",
            "test_path",
        )


def validate_services(value: str) -> None:
    for service in value.replace(",", " ").split():
        validate_service(service)


def validate_service(value: str) -> None:
    if not SERVICE.fullmatch(value):
        raise ValidationError(
            f"{quoted(value)} is not the name of a service. Write names such as postgres, redis.",
            "service",
        )


def validate_index_url(value: str) -> None:
    """Accept the address of a simple index. Credentials belong into the environment."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:  # A port that is no number, a bracket that is not closed.
        host = None
    if not host or parts.scheme not in {"http", "https"}:
        raise ValidationError(
            f"{quoted(value)} is not the address of an index. Write it as https://HOST/simple/.",
            "index",
        )
    if parts.username or parts.password:
        raise ValidationError(
            "Leave user and password out of the address: give them to the portal in "
            "PORTAL_INDEX_CREDENTIALS.",
            "index",
        )
    if parts.query or parts.fragment:
        raise ValidationError(
            f'{quoted(value)} has a "?" or "#" part; an index has none: https://HOST/simple/.',
            "index",
        )
    if odd := sorted(set(INDEX_CHARACTERS.sub("", value))):
        raise ValidationError(
            f"{quoted(value)} holds {quoted(odd[0])}, which no address of an index needs. Files "
            "that run contain it: write letters, digits and - . _ ~ / : % + @ = , only.",
            "index",
        )


def validate_link(value: str) -> None:
    try:
        URLValidator(schemes=["http", "https"])(value)
    except ValidationError as error:
        raise ValidationError(
            f"{quoted(value)} is not an address. Write it whole: https://example.org/issues/7.",
            "link",
        ) from error


def words(value: str) -> list[str]:
    """Split a list that people type: commas and blanks both separate."""
    return value.replace(",", " ").split()


def sorted_pythons(value: str) -> str:
    """Normalise ``3.10, 3.9`` to ``3.9 3.10``."""
    return " ".join(sorted(words(value), key=lambda text: int(text.partition(".")[2])))


def canonical_project(value: str) -> str:
    """Normalise by PEP 503."""
    return canonicalize_name(value)


def without_blanks(specifier: str) -> str:
    """Normalise ``>=1, <2`` to ``>=1,<2``."""
    return "".join(specifier.split())


def tidy_constraint(value: str) -> str:
    """Write ``Setuptools <82, >=40`` as ``setuptools>=40,<82``; anything else stays."""
    try:
        validate_constraint(value)
    except ValidationError:
        return value
    found = Requirement(value)
    return f"{canonicalize_name(found.name)}{sorted_specifier(found.specifier)}"


def sorted_specifier(specifier: SpecifierSet) -> str:
    """Write lower bounds first: ``>=40,<82``."""
    order = ["~=", "===", "==", ">=", ">", "!=", "<=", "<"]
    each = sorted(specifier, key=lambda one: (order.index(one.operator), one.version))
    return ",".join(str(one) for one in each)


def one_newline(text: str) -> str:
    """Write every line end as a newline alone; browsers send two characters."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def tidy_lines(text: str) -> str:
    """Strip each line, and blank lines at both ends."""
    return "\n".join(line.strip() for line in one_newline(text).split("\n")).strip("\n")
