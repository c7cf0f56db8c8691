"""What holds for the files of the project, whoever writes them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.processes import ROOT
from tests.support.source import committed_files, source_files, tree

# Put together here, so that this file does not hold them either.
REGISTRIES = [
    "pypi" + ".org", "python" + "hosted", "pypi." + "python", "npmjs" + ".", "docker" + ".io",
    "ghcr" + ".io", "quay" + ".io", "crates" + ".io", "conda." + "anaconda",
]  # fmt: skip
TEMPLATES = [path for path in committed_files() if "templates" in path.parts]
LONGEST_TEMPLATE, LONGEST_FILE, LONGEST_FUNCTION = 60, 400, 40  # Lines.
OUR_OPTIONS = {"sizes"}  # Of integrations/catalogue/admin/inlines.py: widths of its inputs.
OUR_APPS = [
    config.label
    for config in apps.get_app_configs()
    if config.name.partition(".")[0] in {"integrations", "matrix", "portal"}
]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_names_the_host_of_a_registry() -> None:
    texts = {
        name_of(path): path.read_bytes().decode("utf-8", errors="replace").lower()
        for path in committed_files()
    }

    assert [name for name, text in texts.items() if any(host in text for host in REGISTRIES)] == []


def test_a_template_is_short() -> None:
    assert [name_of(path) for path in TEMPLATES if lines_of(path) >= LONGEST_TEMPLATE] == []


def test_a_module_can_be_read_in_one_sitting() -> None:
    modules = source_files().items()

    assert [module for module, path in modules if lines_of(path) >= LONGEST_FILE] == []


def test_a_function_does_one_thing() -> None:
    long = [
        f"{module}.{node.name}"
        for module in source_files()
        for node in functions_of(module)
        if length_of(node) > LONGEST_FUNCTION
    ]

    assert long == []


def functions_of(module: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, without the docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.django_db
def test_the_models_have_their_migrations() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("label", OUR_APPS)
def test_migrations_of_an_app_end_in_one_leaf(label: str) -> None:
    loader = MigrationLoader(None)

    leaves = loader.graph.leaf_nodes(label) if label in loader.migrated_apps else []

    assert len(leaves) == (1 if list(apps.get_app_config(label).get_models()) else len(leaves))
    assert len(leaves) <= 1


def admin_classes() -> list[type]:
    registered = [type(one) for one in admin.site._registry.values()]
    inlines = [inline for one in admin.site._registry.values() for inline in one.inlines]
    ours = {
        base
        for found in [*registered, *inlines]
        for base in found.__mro__
        if base.__module__.partition(".")[0] in {"integrations", "matrix", "portal"}
    }
    return sorted(ours, key=lambda found: (found.__module__, found.__name__))


@pytest.mark.parametrize("found", admin_classes(), ids=lambda found: found.__name__)
def test_every_option_of_the_admin_is_one_that_django_knows(found: type) -> None:
    """``date_heirarchy`` passes ``manage.py check`` and does nothing."""
    known = {
        name
        for base in found.__mro__
        if base.__module__.partition(".")[0] not in {"integrations", "matrix", "portal"}
        for name in vars(base)
    }
    known |= {name for base in (admin.ModelAdmin, admin.TabularInline) for name in dir(base)}

    options = {
        name
        for name, value in vars(found).items()
        if not name.startswith("_") and not callable(value) and not isinstance(value, property)
    }

    assert options - known - OUR_OPTIONS == set()


LOCKS = ["main", "dev"]


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_requirement_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^ +#.*\n", "", text, flags=re.MULTILINE))

    for entry in entries:
        requirement = Requirement(re.split(r" \\\n", entry)[0].strip())
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier))
        assert "--hash=sha256:" in entry
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize("name", LOCKS)
def test_everything_that_is_asked_for_is_locked(name: str) -> None:
    asked = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
    lines = [line.partition("#")[0].strip() for line in asked]
    wanted = {canonicalize_name(Requirement(line).name) for line in lines if line[:1].isalpha()}
    text = "".join((ROOT / "requirements" / f"{lock}.txt").read_text() for lock in LOCKS)

    locked = set(re.findall(r"^([a-z0-9.-]+)==", text, flags=re.MULTILINE))

    assert wanted - locked == set()


def test_the_makefile_holds_short_targets_and_no_logic() -> None:
    text = (ROOT / "Makefile").read_text()
    recipes = re.findall(r"(?:^\t.*\n)+", text, flags=re.MULTILINE)

    assert max(recipe.count("\n") for recipe in recipes) <= 4
    assert len(text.splitlines()) <= 60
    assert not re.search(r"ifeq|ifdef|ifneq|\$\(shell|&&|\|\||\bif \[|\bfor ", text)
