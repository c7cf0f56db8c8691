"""What the values of CI workflows must look like: services, runners, commands, actions."""

import re
from collections.abc import Iterator

from django.core.exceptions import ValidationError

from integrations.catalogue.validators import PYTHON, SERVICE, quoted, words

LONGEST_COMMANDS = 5_000
OPENING = "${{"
IMAGE = re.compile(r"[a-z0-9][a-z0-9._/-]*(:[0-9]+/[a-z0-9._/-]+)?")
TAGGED = re.compile(rf"{IMAGE.pattern}(:[A-Za-z0-9_][A-Za-z0-9._-]*)?(@sha256:[0-9a-f]{{64}})?")
PORT = re.compile(r"([0-9]{1,5}:)?[0-9]{1,5}(/(tcp|udp))?")
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
ACTION = re.compile(
    r"[A-Za-z0-9][\w.-]*/[\w.-]+(/[\w.-]+)*@[\w./-]+|\./[\w.-]+(/[\w.-]+)*", re.ASCII
)
JOB_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
INPUT = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
# What the runner and the workflows themselves set.
RESERVED = re.compile(r"GITHUB_.*|RUNNER_.*|ACTIONS_.*|NODE_OPTIONS|PATH|CI|ENVIRONMENTS")
WORKFLOW_PATH = re.compile(r"\.github/workflows/test-integrations(-[a-z0-9_-]+)?\.yml")
ENVIRONMENTS = "ENVIRONMENTS"


def validate_no_expression(value: str) -> None:
    """Refuse what GitHub would evaluate, wherever it stands."""
    if OPENING in value:
        raise ValidationError(
            f'{quoted(value)} holds "{OPENING}", which GitHub would evaluate. Write it without; '
            "what needs an expression belongs into a hand-written step.",
            "expression",
        )


def validate_commands(value: str) -> None:
    """Accept lines of a shell script."""
    validate_no_expression(value)
    if re.search("[\u2028\u2029]", value):
        raise ValidationError("Separate lines by a newline alone.", "commands")


def validate_test_command(value: str) -> None:
    validate_commands(value)
    if ENVIRONMENTS not in value:
        raise ValidationError(
            f"{quoted(value)} does not say which environments to run. "
            'Write it as python -m tox run -e "$ENVIRONMENTS".',
            "test_command",
        )


def validate_image(value: str) -> None:
    if not TAGGED.fullmatch(value):
        raise ValidationError(
            f"{quoted(value)} is not an image. Write it as postgres:18 or HOST/TEAM/IMAGE:TAG.",
            "image",
        )


def validate_untagged_image(value: str) -> None:
    if not IMAGE.fullmatch(value):
        raise ValidationError(
            f"{quoted(value)} is not an image without a tag: the tag is the Python. "
            "Write it as python or HOST/TEAM/python.",
            "image",
        )


def validate_ports(value: str) -> None:
    """Accept ``5432, 8080:80``."""
    for port in words(value):
        numbers = re.findall(r"[0-9]+", port.partition("/")[0])
        if not PORT.fullmatch(port) or not all(0 < int(number) < 2**16 for number in numbers):
            raise ValidationError(
                f"{quoted(port)} is not a port. Write it as 5432, or 15432:5432 where the runner "
                "has another one.",
                "port",
            )


def validate_runner(value: str) -> None:
    for label in words(value):
        if not LABEL.fullmatch(label):
            raise ValidationError(
                f"{quoted(label)} is not the label of a runner. "
                "Write ubuntu-24.04, or self-hosted, linux.",
                "runner",
            )


def validate_container_pythons(value: str) -> None:
    """Accept ``3.6 3.7 3.13t``; empty means none."""
    for text in words(value):
        if not PYTHON.fullmatch(text.removesuffix("t")):
            raise ValidationError(
                f"{quoted(text)} is not a Python version. Write it as 3.6.", "python"
            )


def validate_action(value: str) -> None:
    if not ACTION.fullmatch(value) or ".." in value.split("/"):
        raise ValidationError(
            f"{quoted(value)} is not an action. Write it as actions/setup-java@v5, or "
            "./.github/actions/java for one of the SDK's repository.",
            "action",
        )


def validate_job_ids(value: str) -> None:
    for text in words(value):
        if not JOB_ID.fullmatch(text):
            raise ValidationError(
                f"{quoted(text)} is not the id of a job. Write the key below jobs: coverage.",
                "job",
            )


def validate_options(value: str) -> None:
    validate_no_expression(value)


def validate_health_command(value: str) -> None:
    """Accept a command that stands between double quotes."""
    validate_no_expression(value)
    if re.search(r'["\\]', value):
        raise ValidationError(
            f"{quoted(value)} has a double quote or a back slash; the command stands between "
            "double quotes. Write it without: pg_isready -U postgres.",
            "health",
        )


def validate_environment(value: str) -> None:
    """Accept variables of a container, one on each line: ``POSTGRES_PASSWORD=postgres``."""
    _validate_pairs(value, NAME, "a variable", "POSTGRES_PASSWORD=postgres")


def validate_variables(value: str) -> None:
    """Accept variables of the tests, one on each line: ``POSTGRES_HOST={host}``."""
    _validate_pairs(value, NAME, "a variable", "POSTGRES_HOST={host}")
    for name, _ in pairs(value):
        if RESERVED.fullmatch(name):
            raise ValidationError(
                f"{quoted(name)} means something to the runner or to the workflow. "
                "Choose another name.",
                "variable",
            )


def validate_inputs(value: str) -> None:
    """Accept inputs of an action, one on each line: ``java-version=21``."""
    _validate_pairs(value, INPUT, "an input", "java-version=21")


def _validate_pairs(value: str, name_pattern: re.Pattern[str], what: str, example: str) -> None:
    problems = []
    seen: set[str] = set()
    for number, line in enumerate(value.splitlines(), start=1):
        name, equals, text = line.strip().partition("=")
        if not line.strip():
            continue
        if not equals or not name_pattern.fullmatch(name):
            message = f"{quoted(line.strip())} is not {what}. Write it as {example}."
        elif OPENING in text:
            message = f'{quoted(text)} holds "{OPENING}", which GitHub would evaluate.'
        elif name in seen:
            message = f"{quoted(name)} stands there already."
        else:
            seen.add(name)
            continue
        # In the params: a message with params is a format, and the text may hold a "%".
        params = {"text": f"Line {number}: {message}", "line": number}
        problems.append(ValidationError("%(text)s", "pair", params))
    if problems:
        raise ValidationError(problems)


def validate_workflow_path(value: str) -> None:
    if not WORKFLOW_PATH.fullmatch(value):
        raise ValidationError(
            f"{quoted(value)} is not a workflow that the portal writes. "
            "Write it as .github/workflows/test-integrations-web.yml.",
            "path",
        )


def pairs(value: str) -> Iterator[tuple[str, str]]:
    """Yield (name, value) of each line."""
    for line in value.splitlines():
        name, equals, text = line.strip().partition("=")
        if equals:
            yield name, text


def check_known(names: list[str], known: set[str]) -> None:
    """Refuse services that the SDK does not have; without any yet, names are mere words."""
    unknown = [name for name in names if name not in known and SERVICE.fullmatch(name)]
    if known and unknown:
        raise ValidationError(
            f"{quoted(unknown[0])} is not a service of this SDK. "
            f"There are {', '.join(sorted(known))}.",
            "service",
        )
