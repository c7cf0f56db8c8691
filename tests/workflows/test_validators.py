"""What the values of CI workflows must look like."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given

from integrations.catalogue import ci_validators as check
from tests.catalogue.rubbish import texts

# ruff: noqa: E501  (A table of values and messages reads best with each on its line.)
Validator = Callable[[str], None]


@pytest.mark.parametrize(
    ("validator", "value"),
    [
        (check.validate_commands, "sudo apt-get update\nmake -C tests $TARGET {x}"),
        (check.validate_test_command, 'uvx tox run-parallel -e "$ENVIRONMENTS"'),
        (check.validate_image, "postgres"),
        (check.validate_image, "registry.example.org:5000/team/db:18-alpine"),
        (check.validate_image, f"postgres:18@sha256:{'0' * 64}"),
        (check.validate_untagged_image, "registry.example.org:5000/team/python"),
        (check.validate_ports, ""),
        (check.validate_ports, "5432, 15432:5432, 53/udp"),
        (check.validate_runner, "ubuntu-24.04"),
        (check.validate_runner, "self-hosted, linux, x64"),
        (check.validate_container_pythons, ""),
        (check.validate_container_pythons, "3.6, 3.14t"),
        (check.validate_action, "actions/setup-java@v5"),
        (check.validate_action, f"owner/repository/folder@{'0' * 40}"),
        (check.validate_action, "./.github/actions/java"),
        (check.validate_job_ids, ""),
        (check.validate_job_ids, "coverage, _lint"),
        (check.validate_options, "--privileged --shm-size=1g"),
        (check.validate_health_command, "clickhouse-client --query 'SELECT 1'"),
        (check.validate_environment, "A=1\n\nB_2=x=y\nC="),
        (check.validate_variables, "POSTGRES_URL=postgres://{host}:5432/a?b=c"),
        (check.validate_inputs, "java-version=21"),
        (check.validate_workflow_path, ".github/workflows/test-integrations.yml"),
        (check.validate_workflow_path, ".github/workflows/test-integrations-web-1.yml"),
    ],
)
def test_what_is_accepted(validator: Validator, value: str) -> None:
    validator(value)


@pytest.mark.parametrize(
    ("validator", "value", "message"),
    [
        (check.validate_commands, "echo ${{ github.token }}", '"echo ${{ github.token }}" holds "${{", which GitHub would evaluate. Write it without; what needs an expression belongs into a hand-written step.'),
        (check.validate_commands, "a\u2028b", "Separate lines by a newline alone."),
        (check.validate_test_command, "tox run", '"tox run" does not say which environments to run. Write it as python -m tox run -e "$ENVIRONMENTS".'),
        (check.validate_image, "Postgres", '"Postgres" is not an image. Write it as postgres:18 or HOST/TEAM/IMAGE:TAG.'),
        (check.validate_image, "a:1' || 'b", '"a:1\' || \'b" is not an image. Write it as postgres:18 or HOST/TEAM/IMAGE:TAG.'),
        (check.validate_untagged_image, "python:3", '"python:3" is not an image without a tag: the tag is the Python. Write it as python or HOST/TEAM/python.'),
        (check.validate_ports, "http", '"http" is not a port. Write it as 5432, or 15432:5432 where the runner has another one.'),
        (check.validate_ports, "5432, 70000", '"70000" is not a port. Write it as 5432, or 15432:5432 where the runner has another one.'),
        (check.validate_runner, "ubuntu:24", '"ubuntu:24" is not the label of a runner. Write ubuntu-24.04, or self-hosted, linux.'),
        (check.validate_container_pythons, "3.x", '"3.x" is not a Python version. Write it as 3.6.'),
        (check.validate_action, "actions/setup-java", '"actions/setup-java" is not an action. Write it as actions/setup-java@v5, or ./.github/actions/java for one of the SDK\'s repository.'),
        (check.validate_action, "./../x", '"./../x" is not an action. Write it as actions/setup-java@v5, or ./.github/actions/java for one of the SDK\'s repository.'),
        (check.validate_job_ids, "test coverage!", '"coverage!" is not the id of a job. Write the key below jobs: coverage.'),
        (check.validate_health_command, 'sh -c "true"', '"sh -c "true"" has a double quote or a back slash; the command stands between double quotes. Write it without: pg_isready -U postgres.'),
        (check.validate_environment, "A=1\n2", 'Line 2: "2" is not a variable. Write it as POSTGRES_PASSWORD=postgres.'),
        (check.validate_environment, "A=1\nA=2", 'Line 2: "A" stands there already.'),
        (check.validate_variables, "A=${{ x }}", 'Line 1: "${{ x }}" holds "${{", which GitHub would evaluate.'),
        (check.validate_variables, "GITHUB_ENV=x", '"GITHUB_ENV" means something to the runner or to the workflow. Choose another name.'),
        (check.validate_inputs, "java version=21", 'Line 1: "java version=21" is not an input. Write it as java-version=21.'),
        (check.validate_workflow_path, "test.yml", '"test.yml" is not a workflow that the portal writes. Write it as .github/workflows/test-integrations-web.yml.'),
    ],
)  # fmt: skip
def test_what_is_refused_in_a_sentence(validator: Validator, value: str, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validator(value)

    assert refused.value.messages == [message]


ALL = [
    check.validate_commands,
    check.validate_image,
    check.validate_untagged_image,
    check.validate_ports,
    check.validate_runner,
    check.validate_container_pythons,
    check.validate_action,
    check.validate_job_ids,
    check.validate_health_command,
    check.validate_environment,
    check.validate_variables,
    check.validate_inputs,
    check.validate_workflow_path,
]


@pytest.mark.parametrize("validator", ALL)
@given(value=texts())
def test_rubbish_is_refused_and_not_an_error(validator: Validator, value: str) -> None:
    with suppress(ValidationError):
        validator(value)
