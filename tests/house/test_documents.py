"""Documents say what the code says."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from portal.env import READ
from portal.guidance.generating import Choice, generate
from portal.guidance.generating.choice import PLATFORMS, TOOLS
from portal.guidance.generating.facts import CHECKED, CHECKED_ON
from tests.support.processes import ROOT
from tests.support.source import committed_files

OURS = sorted(
    name
    for name, app in get_commands().items()
    if isinstance(app, str) and app.partition(".")[0] in {"integrations", "matrix", "portal"}
)
# The terms of the design, section 1.
WORDS = """
advisory | channel | decision | declared Pythons | dependency rule | environment | file | frame
hold | integration | layout | part | paused | pick | pin | pin set | pinned pick | project
proposal | publication | Python restriction | release | requirement | row | run | SDK | snapshot
specifier set | verdict | yanked
"""
DOCUMENTS = [path for path in committed_files() if path.suffix == ".md"]


def text_of(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def sections(document: str) -> dict[str, str]:
    """Heading of the second level → its text."""
    parts = re.split(r"^## (.+)$", document, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def command_of(name: str) -> BaseCommand:
    app = get_commands()[name]
    assert isinstance(app, str)
    return load_command_class(app, name)


def own_options(name: str) -> set[str]:
    def options_of(command: BaseCommand) -> set[str]:
        parser = command.create_parser("manage.py", name)
        return {string for action in parser._actions for string in action.option_strings}

    return {
        option
        for option in options_of(command_of(name)) - options_of(BaseCommand())
        if option.startswith("--")
    }


def test_the_readme_lists_every_variable_in_order_and_no_other() -> None:
    table = re.findall(r"^\| `((?:PORTAL|DATABASE)_\w+)` \|", text_of("README.md"), re.MULTILINE)

    # Tests of the readers read variables of their own.
    assert table == sorted(name for name in READ if name.startswith(("PORTAL_", "DATABASE_")))


def test_the_readme_names_the_two_commands() -> None:
    assert "make run " in text_of("README.md")
    assert "make test " in text_of("README.md")


def test_the_glossary_has_every_word_of_the_design_once() -> None:
    words = [word.strip() for word in WORDS.replace("\n", "|").split("|") if word.strip()]
    defined = re.findall(r"^- \*\*(.+)\*\*: ", text_of("docs", "glossary.md"), re.MULTILINE)

    assert [word for word in words if word not in defined] == []
    assert len(defined) == len(set(defined))


@pytest.mark.parametrize("name", OURS)
def test_a_command_says_what_it_does_and_is_described(name: str) -> None:
    described = sections(text_of("docs", "commands.md"))

    assert len(command_of(name).help) > 40
    assert [option for option in sorted(own_options(name)) if option not in described[name]] == []


def test_no_command_is_described_that_does_not_exist() -> None:
    assert sorted(sections(text_of("docs", "commands.md"))) == OURS


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]

    assert [link for link in links if not (path.parent / link).exists()] == []


def test_decisions_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))

    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    for name in names:
        assert text_of("docs", "decisions", name).startswith(f"# {int(name[:4])}. ")


def test_the_changelog_has_a_place_for_what_is_not_released() -> None:
    assert "Unreleased" in sections(text_of("CHANGELOG.md"))


def test_the_document_of_guidance_names_what_was_tried_and_when() -> None:
    tried = sections(text_of("docs", "guidance.md"))["What was tried, with which versions"]
    table = re.findall(r"^\| ([\w-]+) \| ([\d.]+) \|$", tried, re.MULTILINE)

    assert {name.lower(): version for name, version in table} == CHECKED
    assert CHECKED_ON in tried


def test_every_file_of_guidance_is_described() -> None:
    files = sections(text_of("docs", "guidance.md"))["What each file is for"]
    described = set(re.findall(r"`([^`]+)`", files))
    pin = "django==5.2.8"
    choices = [
        Choice(
            application="shop",
            python="3.13",
            tool=tool,
            platform=platform,
            versions=CHECKED,
            locks_tool=True,
            cooldown_days=7,
            reviewed={"main": (pin,)},
            hashes={pin: (f"sha256:{'0' * 64}",)},
        )
        for tool in TOOLS
        for platform in PLATFORMS
    ]

    assert {path for choice in choices for path in generate(choice).files} - described == set()
