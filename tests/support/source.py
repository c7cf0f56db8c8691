"""The source of the portal as the tests of its house rules read it."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support.processes import ROOT

SHELL_NAMES = {
    "admin", "apps", "checks", "management", "middleware", "tasks", "templatetags", "urls",
    "views", "wsgi",
}  # fmt: skip


@cache
def source_files() -> dict[str, Path]:
    """Module → file, of all our modules but migrations and tests."""
    found = {}
    for folder in ("integrations", "matrix", "portal"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" not in parts:
                found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(source_files()[module].read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> frozenset[str]:
    """
    All modules that *module* names in imports, at the top and inside of functions.

    ``from matrix.review import runs`` counts as both ``matrix.review`` and ``matrix.review.runs``.
    """
    found: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, node)
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return frozenset(found)


def _base(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    is_package = source_files()[module].name == "__init__.py"
    parts = module.split(".")[: None if is_package and node.level == 1 else -node.level]
    return ".".join([*parts, *filter(None, [node.module])])


def is_shell(module: str) -> bool:
    return not SHELL_NAMES.isdisjoint(module.split("."))


def is_inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def names_read(module: str) -> Iterator[str]:
    """Every dotted name in *module*, such as ``os.environ`` and ``datetime.now``."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Name):
            yield node.id


def committed_files() -> list[Path]:
    """The files of the project, those that wait for their commit included."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    paths = (ROOT / name for name in listing.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]
