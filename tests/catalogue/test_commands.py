"""What the two commands print, whole, and how they end."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from integrations.catalogue.exporting import export
from integrations.catalogue.models import Sdk
from tests.catalogue.makers import (
    a_group,
    a_pinned_pick,
    a_rule,
    an_integration,
    an_sdk,
    history_of,
)
from tests.support.processes import ROOT

pytestmark = pytest.mark.django_db
FILE = """\
format = 1

[sdk]
name = "Kit"
pythons = ["3.9", "3.10"]

[[groups]]
name = "Network"

[integrations.httpx]
group = "Network"
project = "httpx"
test_path = "tests/integrations/httpx"
minimum = "0.16"

[[integrations.httpx.rules]]
releases = "<0.24"
requirements = ["anyio<4", "trio"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "kit.toml"
    path.write_text(FILE)
    return path


def run(name: str, *arguments: object) -> str:
    out = StringIO()
    call_command(name, *map(str, arguments), stdout=out)
    return out.getvalue()


def refusal(name: str, *arguments: object) -> str:
    with pytest.raises(CommandError) as refused:
        run(name, *arguments)
    return str(refused.value)


def test_a_first_import_says_what_it_added(file: Path) -> None:
    assert run("import_catalogue", file, "--sdk", "kit") == (
        '+ SDK kit: name "Kit", Pythons "3.9 3.10"\n'
        '+ group Network: name "Network"\n'
        '+ integration httpx: group "Network", project "httpx", '
        'test path "tests/integrations/httpx", minimum "0.16"\n'
        '+ integration httpx, dependency rule: releases "<0.24", requirements "anyio<4, trio"\n'
        "kit: 4 added, 0 changed, 0 removed.\n"
    )
    assert export(Sdk.objects.get()) == FILE


def test_a_second_import_changes_nothing(file: Path) -> None:
    run("import_catalogue", file, "--sdk", "kit")
    rows = history_of(Sdk.objects.get()).count()

    assert run("import_catalogue", file, "--sdk", "kit") == "Nothing to change.\n"
    assert history_of(Sdk.objects.get()).count() == rows


def change(file: Path) -> None:
    """Move from another catalogue to the one in *file*."""
    network = a_group(an_sdk(name="Old", pythons="3.9 3.10"), order=10)
    httpx = an_integration(network, minimum="0.15")
    a_rule(httpx, "anyio<4\ntrio", releases="<0.23", order=10)
    a_pinned_pick(httpx)
    an_integration(a_group(network.sdk, "Web"), "flask")


CHANGES = """\
~ SDK kit: name "Old" -> "Kit"
- group Web
~ integration httpx: minimum "0.15" -> "0.16"
~ integration httpx, dependency rule "<0.23": releases "<0.23" -> "<0.24"
- integration httpx, pinned pick: version "1.0", reason "many stay on it"
- integration flask
"""


def test_an_import_says_what_it_changed_field_by_field(file: Path) -> None:
    change(file)

    said = run("import_catalogue", file, "--sdk", "kit")

    assert said == f"{CHANGES}kit: 0 added, 3 changed, 3 removed.\n"
    assert export(Sdk.objects.get()) == FILE


def test_a_dry_run_says_the_same_and_saves_nothing(file: Path) -> None:
    change(file)
    before = export(Sdk.objects.get())

    said = run("import_catalogue", file, "--sdk", "kit", "--dry-run")

    assert said == (
        f"{CHANGES}kit: 0 to add, 3 to change, 3 to remove. "
        "Nothing was saved: this was a dry run.\n"
    )
    assert export(Sdk.objects.get()) == before


def test_keep_missing_keeps_integrations_and_groups(file: Path) -> None:
    change(file)

    said = run("import_catalogue", file, "--sdk", "kit", "--keep-missing")

    assert "- group" not in said
    assert "- integration flask" not in said
    assert [each.name for each in Sdk.objects.get().integrations.order_by("name")] == [
        "flask",
        "httpx",
    ]


def test_mistakes_are_counted_and_listed(file: Path) -> None:
    file.write_text(FILE.replace("0.16", "zero").replace('"trio"', '"tr io"'))

    assert refusal("import_catalogue", file, "--sdk", "kit") == (
        "2 mistakes in kit.toml; nothing was imported.\n"
        'integrations.httpx.minimum: "zero" is not a version (PEP 440). Write it as 1.4.2 or '
        "2.0rc1.\n"
        'integrations.httpx.rules[0].requirements[1]: "tr io" is not a requirement (Expected '
        "semicolon (after name with no version specifier) or end)."
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.toml", "cannot be read: No such file or directory."),
        (".", "cannot be read: Is a directory."),
        ("a\0b", "cannot be read: embedded null byte."),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, message: str) -> None:
    said = refusal("import_catalogue", tmp_path / name, "--sdk", "kit")

    assert said.startswith("1 mistake in ")
    assert said.endswith(message)


@pytest.mark.parametrize("slug", ["a b", "", "x" * 300, "a\0b", "é"])
def test_a_slug_that_no_sdk_can_have(file: Path, slug: str) -> None:
    assert "sdk.slug: " in refusal("import_catalogue", file, "--sdk", slug)
    assert Sdk.objects.count() == 0


def test_options_of_config_py_do_not_go_with_toml(file: Path) -> None:
    assert refusal("import_catalogue", file, "--sdk", "kit", "--pythons", "3.9") == (
        "1 mistake in kit.toml; nothing was imported.\n"
        "kit.toml: --groups, --minimums and --pythons go with toxgen's config.py alone."
    )


def test_config_py_and_its_further_files(tmp_path: Path) -> None:
    config, groups, minimums, ignored = (tmp_path / f"{name}.py" for name in "cgmi")
    config.write_text('TEST_SUITE_CONFIG = {"httpx": {"package": "httpx", "deps": {"*": ["a"]}}}')
    groups.write_text('GROUPS = {"Network": ["httpx", "gcp"]}')
    minimums.write_text('_MIN_VERSIONS = {"httpx": (0, 16)}')
    ignored.write_text('IGNORE = {"gcp"}')

    said = run(
        "import_catalogue",
        config,
        "--sdk=kit",
        f"--groups={groups}",
        f"--minimums={minimums}",
        f"--ignored={ignored}",
        "--pythons=3.13 3.14",
    )

    assert said == (
        "Skipped, hand-written in toxgen: gcp.\n"
        '+ SDK kit: name "Kit", Pythons "3.13 3.14", free threading from "3.14", '
        'pins style "constraints"\n'
        '+ group Network: name "Network"\n'
        '+ integration httpx: group "Network", project "httpx", '
        'test path "tests/integrations/httpx", minimum "0.16"\n'
        '+ integration httpx, dependency rule: requirements "a"\n'
        "kit: 4 added, 0 changed, 0 removed.\n"
    )


def test_an_export_goes_to_the_terminal_or_to_a_file(file: Path, tmp_path: Path) -> None:
    run("import_catalogue", file, "--sdk", "kit")
    other = tmp_path / "other.toml"

    said = run("export_catalogue", "kit", "--output", other)

    assert run("export_catalogue", "kit") == FILE
    assert said == f"Wrote the catalogue of kit to {other}.\n"
    assert other.read_text() == FILE


def test_an_export_of_an_sdk_that_is_not_there_names_those_that_are() -> None:
    assert refusal("export_catalogue", "kit") == 'No SDK is called "kit". There is none yet.'

    an_sdk("kit")

    assert refusal("export_catalogue", "kitt") == 'No SDK is called "kitt". There are: kit.'


def test_an_export_to_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    an_sdk()

    said = refusal("export_catalogue", "kit", "--output", tmp_path)

    assert said == f"{tmp_path} cannot be written: Is a directory."


@pytest.mark.parametrize("name", ["import_catalogue", "export_catalogue"])
def test_help_says_what_a_command_is_for(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command(name, "--help")

    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert "SLUG" in said
    assert "%" not in said


def test_the_example_is_imported_without_a_word_of_complaint() -> None:
    example = ROOT / "integrations/catalogue/example.toml"

    run("import_catalogue", example, "--sdk", "example-sdk")

    sdk = Sdk.objects.get()
    assert run("import_catalogue", example, "--sdk", "example-sdk") == "Nothing to change.\n"
    assert sdk.integrations.count() == 12
    assert 4 <= sdk.groups.count() <= 5
    assert sdk.holds.count() == 1


def test_a_frame_that_nothing_can_be_rendered_into_is_refused_with_its_lines(
    tmp_path: Path,
) -> None:
    file = tmp_path / "kit.toml"
    frame = "[tox]\\n# BEGIN GENERATED: envlist\\n"
    file.write_text(
        f'format = 1\n[sdk]\nname = "Kit"\npythons = ["3.9"]\nframe = "{frame}"\n', encoding="utf-8"
    )

    with pytest.raises(CommandError) as refusal:
        call_command("import_catalogue", str(file), sdk="kit")

    lines = str(refusal.value).splitlines()
    assert lines[0].endswith("mistakes in kit.toml; nothing was imported.")
    assert all(line.startswith("sdk.frame: ") for line in lines[1:])
    assert not Sdk.objects.exists()
