"""What changes in the settings of CI, in sentences."""

from dataclasses import replace
from typing import Any

import pytest

from matrix.rules.ci import Ci
from matrix.rules.diffing import diff_parts
from matrix.rules.parts import LAYOUT
from tests.support.parts import a_layout
from tests.workflows.makers import JAVA, MAIN, POSTGRES, a_ci


# ruff: noqa: E501  (A table of sentences reads best with each on its line.)
def sentences(old: Ci | None, new: Ci | None) -> tuple[str, ...]:
    layout = a_layout("Web")
    return diff_parts(LAYOUT, replace(layout, ci=old), replace(layout, ci=new)).settings


def test_workflows_begin_and_end() -> None:
    assert sentences(None, a_ci()) == ("CI workflows are written from now on.",)
    assert sentences(a_ci(), None) == (
        "CI workflows are no longer written. Delete their files in the repository.",
    )
    assert sentences(a_ci(), a_ci()) == ()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"runner": ("self-hosted", "linux")}, 'The runner of the workflows changes from "ubuntu-24.04" to "self-hosted, linux".'),
        ({"container_pythons": ()}, 'The list of Pythons in containers changes from "3.6, 3.7" to "none".'),
        ({"passes_secrets": True}, 'Whether secrets are passed on changes from "no" to "yes".'),
        ({"timeout_minutes": 60}, 'The time limit of a job changes from "30" to "60".'),
        ({"services": (JAVA,)}, 'The service "postgres" goes.'),
        ({"services": (JAVA, replace(POSTGRES, image="postgres:19"))}, 'The service "postgres" changes.'),
        ({"group_services": (("Web", ("java",)),)}, 'The list of services of the group "Web" is new.'),
        ({"integration_services": (("django", ("java",)),)}, 'The list of services of "django" is new.'),
        ({"frames": ((MAIN, "jobs:\n"),)}, f'The frame of "{MAIN}" is new.'),
        ({"group_frame": "jobs:\n"}, "The default frame of workflows changes."),
    ],
)  # fmt: skip
def test_each_setting_has_its_sentence(changed: dict[str, Any], sentence: str) -> None:
    assert sentences(a_ci(), a_ci(**changed)) == (sentence,)
