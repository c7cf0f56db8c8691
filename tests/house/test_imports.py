"""The architecture (DESIGN 2): imports follow the way of the data, rules are pure, shells thin."""

import sys

import pytest

from tests.support.source import (
    SHELL_NAMES,
    imports_of,
    is_inside,
    is_shell,
    names_read,
    source_files,
)

# Each may import what stands above it, and itself.
PATH = (
    "portal.env",
    "portal.settings",
    "matrix.rules",
    "integrations.catalogue",
    "integrations.index",
    "integrations.policy",
    "matrix.environments",
    "matrix.review",
    "matrix.sdk",
    "matrix.preview",
    "portal.accounts",
    "portal.operations",
    "portal.notices",
    "portal.home",
    "portal.api",
    "portal.guidance",
    "portal.governance",
)
CONTAINERS = {"integrations", "matrix", "portal"}
MODULES = sorted(set(source_files()) - CONTAINERS)
CORE = [module for module in MODULES if not is_shell(module)]
SHELLS = [module for module in MODULES if is_shell(module)]
RULES = [module for module in MODULES if is_inside(module, "matrix.rules")]
# What turns the same input into other output, or reaches outside.
IMPURE = {
    "asyncio", "glob", "http", "io", "locale", "logging", "multiprocessing", "os", "pathlib",
    "random", "secrets", "shutil", "socket", "sqlite3", "subprocess", "sys", "tempfile",
    "threading", "time", "urllib", "uuid", "zoneinfo",
}  # fmt: skip
IMPURE_NAMES = {
    "datetime.now", "datetime.today", "datetime.utcnow", "date.today", "open", "print", "input",
}  # fmt: skip
# The environment is read once, in one place; these only pass it on or set it.
MAY_NAME_THE_ENVIRONMENT = {
    "matrix.environments.uv",  # Trust and proxies pass to uv, nothing else does.
    "portal.checks",
    "portal.env",
    "portal.operations.management.commands.worker",
    "portal.operations.serving",
    "portal.settings",
    "portal.wsgi",
}
# A form that is filled in today, and Retry-After, which may name a moment.
MAY_ASK_THE_TIME = {"integrations.catalogue.models.rules", "integrations.index.client"}
# Shells that are made of several modules.
SHELLS_OF_SHELLS = {"urls": {"views", "admin"}, "apps": {"checks"}}


def places_of(module: str) -> list[str]:
    return [place for place in PATH if is_inside(module, place)]


def our_imports(module: str) -> set[str]:
    return {name for name in imports_of(module) if name in source_files()} - CONTAINERS


@pytest.mark.parametrize("module", CORE)
def test_every_module_stands_on_the_path(module: str) -> None:
    assert len(places_of(module)) == 1


@pytest.mark.parametrize("module", CORE)
def test_a_module_imports_only_what_stands_before_it(module: str) -> None:
    (place,) = places_of(module)
    allowed = PATH[: PATH.index(place) + 1]

    wrong = {
        name
        for name in our_imports(module)
        if not is_shell(name) and not any(is_inside(name, earlier) for earlier in allowed)
    }

    assert wrong == set()


@pytest.mark.parametrize("module", MODULES)
def test_nothing_imports_a_shell(module: str) -> None:
    friends = SHELLS_OF_SHELLS.get(module.rpartition(".")[2], set())

    wrong = {
        name
        for name in our_imports(module)
        if is_shell(name)
        and not friends & set(name.split("."))
        and shell_of(name) != shell_of(module)
    }

    assert wrong == set()


def shell_of(module: str) -> str | None:
    """The package of *module* that makes it a shell: ``integrations.catalogue.admin``."""
    parts = module.split(".")
    ends = (end for end, part in enumerate(parts, start=1) if part in SHELL_NAMES)
    end = next(ends, None)
    return ".".join(parts[:end]) if end else None


@pytest.mark.parametrize("module", RULES)
def test_rules_import_nothing_but_packaging_and_the_pure_half_of_the_standard_library(
    module: str,
) -> None:
    roots = {name.partition(".")[0] for name in imports_of(module)} - {"packaging"}
    outside = {root for root in roots if root not in sys.stdlib_module_names}
    others = {name for name in our_imports(module) if not is_inside(name, "matrix.rules")}

    assert outside <= {"matrix"}
    assert roots & IMPURE == set()
    assert others == set()


@pytest.mark.parametrize("module", RULES)
def test_rules_know_neither_the_time_nor_files(module: str) -> None:
    assert IMPURE_NAMES & set(names_read(module)) == set()


def importers(*roots: str) -> set[str]:
    return {
        module
        for module in MODULES
        if {name.partition(".")[0] for name in imports_of(module)} & set(roots)
    }


def test_one_module_speaks_http() -> None:
    assert importers("httpx") == {"integrations.index.client"}


def test_the_core_starts_no_processes_but_the_server_and_uv() -> None:
    core = {module for module in importers("subprocess") if not is_shell(module)}

    assert core <= {"portal.operations.serving", "matrix.environments.uv"}


def test_settings_are_read_through_django() -> None:
    assert [module for module in MODULES if "portal.settings" in imports_of(module)] == []


@pytest.mark.parametrize("module", sorted(set(CORE) | set(SHELLS)))
def test_the_environment_is_read_in_one_place(module: str) -> None:
    reads = {"os.environ", "os.getenv", "environ", "getenv"} & set(names_read(module))

    assert not reads or module in MAY_NAME_THE_ENVIRONMENT


@pytest.mark.parametrize(
    "module",
    [name for name in CORE if not is_inside(name, "portal") and name not in MAY_ASK_THE_TIME],
)
def test_only_shells_ask_what_time_it_is(module: str) -> None:
    named = set(names_read(module))

    assert named & {"timezone.now", "datetime.now", "datetime.utcnow", "date.today"} == set()
    assert "django.utils.timezone.now" not in imports_of(module)
