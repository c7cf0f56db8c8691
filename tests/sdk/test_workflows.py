"""From the catalogue to published workflows, and frames back from the repository."""

import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from integrations.catalogue import portable
from integrations.catalogue.importing.reading import read_catalogue
from integrations.catalogue.models import Sdk, Service, WorkflowFrame
from matrix.review.state import published
from matrix.rules.diffing import diff_parts
from matrix.rules.parts import LAYOUT, LayoutPart, read, write
from matrix.rules.rendering import GROUP_FRAME
from matrix.sdk.channel import channel_of
from matrix.sdk.computing import layout_of
from matrix.sdk.translating import read_catalogue as read_sdk
from matrix.sdk.workflows import workflow_findings
from tests.sdk import makers
from tests.support.recorded import FOLDER
from tests.support.small_index import SmallIndex
from tests.workflows.makers import MAIN, entries, path_of, steps
from tests.workflows.test_frames import UPLOAD

pytestmark = pytest.mark.django_db
FACTS = FOLDER.parent / "catalogue" / "config_facts.json"


@pytest.fixture
def sdk(index: SmallIndex) -> Sdk:
    sdk = makers.an_sdk(writes_workflows=True)
    Service.objects.create(
        sdk=sdk, name="redis", image="redis:8", variables="REDIS_URL=redis://{host}:6379"
    )
    Service.objects.create(sdk=sdk, name="java", action="actions/setup-java@v5")
    makers.an_integration(sdk, "httpx", services="java")
    sdk.groups.update(services="redis")
    return sdk


def layout(sdk: Sdk) -> LayoutPart:
    return layout_of(read_sdk(sdk))


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_an_sdk_writes_no_workflows_unless_it_is_asked_to(sdk: Sdk) -> None:
    sdk.writes_workflows = False

    assert layout(sdk).ci is None
    assert '"schema":1' in write(layout(sdk))


def test_the_layout_holds_all_that_workflows_are_made_of(sdk: Sdk) -> None:
    ci = layout(sdk).ci

    assert ci is not None
    assert [service.name for service in ci.services] == ["java", "redis"]
    assert ci.services[1].variables == (("REDIS_URL", "redis://{host}:6379"),)
    assert ci.group_services == (("Network", ("redis",)),)
    assert ci.integration_services == (("httpx", ("java",)),)
    assert ci.group_frame == GROUP_FRAME
    assert read(write(layout(sdk))) == layout(sdk)


def test_a_service_that_nobody_defines_is_a_finding(sdk: Sdk) -> None:
    sdk.services.filter(name="java").delete()

    findings = workflow_findings(layout(sdk), read_sdk(sdk), {})

    assert [found.text for found in findings] == [
        '"java" is named as a service, and none is defined: CI starts nothing for it.'
    ]


def test_a_frame_that_names_a_picked_version_is_a_finding(sdk: Sdk) -> None:
    text = f"{GROUP_FRAME}      - run: tox -e py3.9-httpx-v0.1\n"
    WorkflowFrame.objects.create(sdk=sdk, path=path_of("network"), text=text)

    (found,) = workflow_findings(layout(sdk), read_sdk(sdk), {})

    assert found.kind == "version in the frame"
    assert found.text.startswith(
        '.github/workflows/test-integrations-network.yml, line 23: "httpx-v0.1" names a picked'
    )


def test_workflows_are_published_and_take_their_frames_from_the_repository(
    sdk: Sdk, tmp_path: Path
) -> None:
    publication = makers.publish(sdk)
    files = {file.path: file.read() for file in _files(publication)}
    assert {MAIN, path_of("network"), "tox.ini"} <= set(files)
    found = yaml.safe_load(files[path_of("network")])
    assert {entry["integration"] for entry in entries(found)} == {"httpx"}
    assert steps(found)["Tell the tests about redis"]["env"] == {
        "REDIS_URL": "redis://localhost:6379"
    }

    ours = tmp_path / Path(path_of("network")).name
    ours.write_text(files[path_of("network")] + UPLOAD)
    said = run("render", "kit", "--into", str(ours))

    assert said == (
        f"{ours} is current.\nIts frame is new to the portal; the next run proposes it.\n"
    )
    frame = sdk.frames.get()
    assert (frame.path, frame.text) == (path_of("network"), f"{GROUP_FRAME}{UPLOAD}")
    assert frame.history.get().history_change_reason == (  # type: ignore[attr-defined]
        "The frame of the file that was rendered into."
    )
    assert "new to the portal" not in run("render", "kit", "--into", str(ours))
    again = makers.publish(sdk)
    assert {file.path: file.read() for file in _files(again)}[path_of("network")] == (
        ours.read_text()
    )


def _files(publication: Any) -> list[Any]:
    return list(publication.files.all())


def test_a_workflow_that_is_not_written_cannot_be_rendered_into(sdk: Sdk, tmp_path: Path) -> None:
    makers.publish(sdk)
    file = tmp_path / "tests.yml"
    file.write_text(GROUP_FRAME)

    with pytest.raises(CommandError, match=r"No workflow of kit is written to .*tests\.yml"):
        run("render", "kit", "--into", str(file))


def test_changed_settings_are_told_in_sentences(sdk: Sdk) -> None:
    makers.publish(sdk)
    sdk.refresh_from_db()
    sdk.ci_runner = "ubuntu-22.04"
    sdk.save()
    sdk.services.filter(name="redis").update(image="redis:9")

    bodies = published(channel_of(sdk))
    settings = diff_parts(LAYOUT, read(bodies[LAYOUT]), layout(sdk)).settings

    assert settings == (
        'The runner of the workflows changes from "ubuntu-24.04" to "ubuntu-22.04".',
        'The service "redis" changes.',
    )


def test_toxgens_services_come_with_their_definitions() -> None:
    new = portable.Catalogue(sdk=portable.Sdk(name="Kit", pythons=""))

    found = read_catalogue(FACTS, base=new).catalogue

    assert [service.name for service in found.services] == [
        "clickhouse",
        "docker",
        "java",
        "mysql",
        "postgres",
        "redis",
    ]
    assert found.sdk.writes_workflows is False


def test_an_import_keeps_the_definitions_that_the_catalogue_has() -> None:
    own = portable.Service(name="redis", image="valkey:9")
    base = portable.Catalogue(sdk=portable.Sdk(name="Kit", pythons=""), services=(own,))

    found = read_catalogue(FACTS, base=base).catalogue

    assert [service for service in found.services if service.name == "redis"] == [own]
