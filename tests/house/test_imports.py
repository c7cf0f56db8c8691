"""The architecture (DESIGN 2): imports follow the way of the data, rules are pure, shells thin."""

import sys
from collections.abc import Callable, Collection, Iterable

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
# The admin pages of applications are made as those of the catalogue.
SHELLS_OF_SHELLS = {"urls": {"views", "admin"}, "apps": {"checks"}, "admin": {"admin"}}


def places_of(module: str) -> list[str]:
    return [place for place in PATH if is_inside(module, place)]


def our_imports(module: str) -> set[str]:
    return {name for name in imports_of(module) if name in source_files()} - CONTAINERS


def told(found: Callable[[str], Collection[str]], modules: Iterable[str]) -> dict[str, list[str]]:
    """What *found* finds in each of *modules*: one test for all, because there are hundreds."""
    return {module: sorted(wrong) for module in modules if (wrong := found(module))}


def test_every_module_stands_on_the_path() -> None:
    assert [module for module in CORE if len(places_of(module)) != 1] == []


def test_a_module_imports_only_what_stands_before_it() -> None:
    def imported_too_early(module: str) -> set[str]:
        (place,) = places_of(module)
        allowed = PATH[: PATH.index(place) + 1]
        return {
            name
            for name in our_imports(module)
            if not is_shell(name) and not any(is_inside(name, earlier) for earlier in allowed)
        }

    assert told(imported_too_early, CORE) == {}


def test_nothing_imports_a_shell() -> None:
    def shells(module: str) -> set[str]:
        friends = SHELLS_OF_SHELLS.get(module.rpartition(".")[2], set())
        return {
            name
            for name in our_imports(module)
            if is_shell(name)
            and not friends & set(name.split("."))
            and shell_of(name) != shell_of(module)
        }

    assert told(shells, MODULES) == {}


def shell_of(module: str) -> str | None:
    """The package of *module* that makes it a shell: ``integrations.catalogue.admin``."""
    parts = module.split(".")
    ends = (end for end, part in enumerate(parts, start=1) if part in SHELL_NAMES)
    end = next(ends, None)
    return ".".join(parts[:end]) if end else None


def test_rules_import_nothing_but_packaging_and_the_pure_half_of_the_standard_library() -> None:
    def impure(module: str) -> set[str]:
        roots = {name.partition(".")[0] for name in imports_of(module)} - {"packaging"}
        outside = {root for root in roots if root not in sys.stdlib_module_names} - {"matrix"}
        others = {name for name in our_imports(module) if not is_inside(name, "matrix.rules")}
        return outside | (roots & IMPURE) | others

    assert told(impure, RULES) == {}


def test_rules_know_neither_the_time_nor_files() -> None:
    assert told(lambda module: IMPURE_NAMES & set(names_read(module)), RULES) == {}


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


def test_the_environment_is_read_in_one_place() -> None:
    def reads(module: str) -> set[str]:
        return {"os.environ", "os.getenv", "environ", "getenv"} & set(names_read(module))

    assert told(reads, {*CORE, *SHELLS} - MAY_NAME_THE_ENVIRONMENT) == {}


def test_only_shells_ask_what_time_it_is() -> None:
    clocks = {"timezone.now", "datetime.now", "datetime.utcnow", "date.today"}
    others = {name for name in CORE if not is_inside(name, "portal")} - MAY_ASK_THE_TIME

    def asks(module: str) -> set[str]:
        imported = {"django.utils.timezone.now"} & set(imports_of(module))
        return (clocks & set(names_read(module))) | imported

    assert told(asks, others) == {}
