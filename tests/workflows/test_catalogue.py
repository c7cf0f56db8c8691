"""Services and frames in files and forms."""

import pytest
from django.test import Client
from django.urls import reverse

from integrations.catalogue.apply import apply
from integrations.catalogue.exporting import export
from integrations.catalogue.importing import ImportRefused, SourceFile
from integrations.catalogue.importing.toml import read_toml
from integrations.catalogue.models import Sdk, Service, WorkflowFrame
from matrix.rules.rendering import GROUP_FRAME
from tests.catalogue.forms import filled, mistakes
from tests.catalogue.makers import a_group, a_service, an_owner, an_sdk, history_of

pytestmark = pytest.mark.django_db

TEXT = """\
format = 1

[sdk]
name = "Kit"
pythons = ["3.6", "3.12"]
writes_workflows = true
ci_runner = ["self-hosted", "linux"]
ci_install = \"\"\"
python -m pip install tox
python -m pip list\"\"\"

[services.java]
action = "actions/setup-java@v5"
inputs = ["distribution=temurin", "java-version=21"]

[services.postgres]
image = "postgres:18"
ports = ["5432:5432"]
environment = ["POSTGRES_PASSWORD=postgres"]
health_command = "pg_isready -U postgres"
variables = ["POSTGRES_HOST={host}"]

[[groups]]
name = "Web"
services = ["postgres"]

[integrations.django]
group = "Web"
project = "django"
test_path = "tests/integrations/django"
services = ["java"]
"""


def put(text: str, **options: bool) -> list[str]:
    found = read_toml(SourceFile("kit.toml", text))
    return [str(each) for each in apply(found, slug="kit", reason="test", **options)]


def test_a_catalogue_with_services_comes_back_to_the_byte() -> None:
    put(TEXT)

    assert export(Sdk.objects.get()) == TEXT
    assert put(TEXT) == []


def test_what_an_import_changes_is_said_and_kept_in_the_history() -> None:
    put(TEXT)

    said = put(TEXT.replace("postgres:18", "postgres:19").replace("[services.java]", "[services.jdk]").replace('["java"]', '["jdk"]'))  # fmt: skip # noqa: E501

    assert said == [
        (
            '+ service jdk: action "actions/setup-java@v5", '
            'inputs "distribution=temurin, java-version=21"'
        ),
        '~ service postgres: image "postgres:18" -> "postgres:19"',
        "- service java",
        '~ integration django: services "java" -> "jdk"',
    ]
    history = history_of(Service).filter(name="postgres").order_by("history_id")
    assert [record.image for record in history] == ["postgres:18", "postgres:19"]
    assert history_of(Service).filter(name="java", history_type="-").count() == 1


def test_mistakes_have_their_places_and_the_services_that_are_named_make_no_more() -> None:
    wrong = (
        TEXT.replace("5432:5432", "http")
        .replace('"java-version=21"', '"java-version"')
        .replace('services = ["java"]', 'services = ["jawa"]')
        .replace("[[groups]]", '[[workflow_frames]]\npath = "a.yml"\ntext = "jobs:"\n\n[[groups]]')
    )

    with pytest.raises(ImportRefused) as refused:
        put(wrong)

    assert [str(problem) for problem in refused.value.problems] == [
        'services.java.inputs[1]: "java-version" is not an input. Write it as java-version=21.',
        (
            'services.postgres.ports: "http" is not a port. Write it as 5432, or 15432:5432 where '
            "the runner has another one."
        ),
        (
            'workflow_frames[0].path: "a.yml" is not a workflow that the portal writes. '
            "Write it as .github/workflows/test-integrations-web.yml."
        ),
        (
            'integrations.django.services: "jawa" is not a service of this SDK. '
            "There are java, postgres."
        ),
    ]
    assert Sdk.objects.count() == 0


def test_what_a_file_leaves_out_goes_unless_it_is_kept() -> None:
    put(TEXT)
    less = TEXT.partition("[services.java]")[0]

    put(less, keep_missing=True)
    assert [service.name for service in Service.objects.order_by("name")] == ["java", "postgres"]

    put(less)
    assert Service.objects.count() == 0


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(an_owner())
    return client


def test_a_service_is_made_in_the_admin_with_the_reason(browser: Client) -> None:
    sdk = an_sdk()
    address = reverse("admin:catalogue_service_add")
    given = filled(
        browser,
        address,
        sdk=sdk.pk,
        name="postgres",
        image="postgres:18",
        ports="5432",
        variables="POSTGRES_HOST={host}\r\n",
        change_reason="Django needs it.",
    )

    refused = browser.post(address, {**given, "image": "Postgres", "variables": "PATH=x"})
    assert mistakes(refused) == [
        'image: "Postgres" is not an image. Write it as postgres:18 or HOST/TEAM/IMAGE:TAG.',
        'variables: "PATH" means something to the runner or to the workflow. Choose another name.',
    ]

    assert browser.post(address, given).status_code == 302
    service = Service.objects.get()
    assert (service.ports, service.variables) == ("5432:5432", "POSTGRES_HOST={host}")
    assert history_of(service).get().history_change_reason == "Django needs it."


def test_a_service_keeps_its_name_and_a_group_is_told_which_there_are(browser: Client) -> None:
    service = a_service(an_sdk())
    group = a_group(service.sdk, services="postgres")

    address = reverse("admin:catalogue_service_change", args=[service.pk])
    assert "name" not in browser.get(address).context["adminform"].form.fields
    address = reverse("admin:catalogue_group_change", args=[group.pk])
    refused = browser.post(address, filled(browser, address, services="postgress"))

    assert mistakes(refused) == [
        'services: "postgress" is not a service of this SDK. There are postgres.'
    ]


def test_the_mistakes_of_a_frame_are_told_in_its_form(browser: Client) -> None:
    address = reverse("admin:catalogue_workflowframe_add")
    path = ".github/workflows/test-integrations-web.yml"
    given = filled(browser, address, sdk=an_sdk().pk, path=path, text=GROUP_FRAME)

    refused = browser.post(address, {**given, "text": GROUP_FRAME.replace("# END", "# FIN")})
    assert len(mistakes(refused)) == 4
    assert mistakes(refused)[0] == (
        'text: Line 3: the region "name" has no END. Put "# END GENERATED: name" behind it.'
    )

    assert browser.post(address, given).status_code == 302
    assert WorkflowFrame.objects.get().text == GROUP_FRAME
