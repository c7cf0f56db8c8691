"""Reading what a pyproject.toml declares: the standard tables, and what uv adds to them."""

import re
from collections.abc import Mapping
from typing import Any

from packaging.utils import canonicalize_name

from integrations.policy.linting.groups import Groups
from integrations.policy.linting.reading import read_toml
from matrix.rules.locks.parts import MAIN
from portal.guidance.declared import DEV, Declared

NAME = re.compile(r"\s*([A-Za-z0-9._-]+)")
INSTEAD = "which every tool reads."


def read_pyproject(declared: Declared, base: str, text: str) -> None:
    """Take dependencies, extras and groups over; raises Unreadable."""
    content = read_toml(text)
    reader = _Reader(declared, base, content)
    reader.project()
    reader.groups()
    reader.uv()
    reader.own_forms()


class _Reader:
    def __init__(self, declared: Declared, base: str, content: Mapping[str, Any]) -> None:
        self._declared, self._base, self._content = declared, base, content
        self._project = self._table(content, "project")
        self._tool = self._table(content, "tool")
        name = self._project.get("name")
        self._own = canonicalize_name(name) if isinstance(name, str) else None

    def project(self) -> None:
        for key in ("dependencies", "optional-dependencies"):
            if key in self._list(self._project, "dynamic"):
                self._refuse("project.dynamic", f"{key} stand in another file. Send that one.")
        for number, each in enumerate(self._list(self._project, "dependencies"), start=1):
            self._add(MAIN, f"project.dependencies, entry {number}", each)
        extras = self._table(self._project, "optional-dependencies")
        for key in extras:
            where = f"optional-dependencies.{key}"
            if self._declared.is_generated(self._at(where), key):
                continue
            name = self._declared.set_name(self._at(where), key)
            for each in self._list(extras, key):
                self._add(name, where, each)

    def groups(self) -> None:
        groups = Groups.read(self._table(self._content, "dependency-groups"))
        for key, problem in groups.problems:
            self._refuse(f"dependency-groups.{key}", problem)
        for key, texts in groups.found.items():
            where = f"dependency-groups.{key}"
            if self._declared.is_generated(self._at(where), key):
                continue
            name = self._declared.set_name(self._at(where), key)
            for each in texts:
                self._add(name, where, each)

    def uv(self) -> None:
        table = self._table(self._tool, "uv")
        for each in self._list(table, "dev-dependencies"):
            self._add(DEV, "tool.uv.dev-dependencies", each)
        for name in self._table(table, "sources"):
            problem = "every release comes from the index of the application. Publish it there."
            self._refuse(f"tool.uv.sources.{name}", problem)
        for key in ("constraint-dependencies", "override-dependencies"):
            if table.get(key):
                self._declared.note(
                    f"{self._at(f'tool.uv.{key}')}: left out. Bounds stand in sets."
                )

    def own_forms(self) -> None:
        """Refuse what one tool alone reads; a set that is missed would be missed in silence."""
        poetry, pdm = self._table(self._tool, "poetry"), self._table(self._tool, "pdm")
        groups = self._table(poetry, "group")
        if "dependencies" in poetry:
            self._refuse_form("Poetry", "tool.poetry.dependencies", "[project] dependencies")
        found = {
            "tool.poetry.dev-dependencies": ("Poetry", poetry.get("dev-dependencies")),
            "tool.pdm.dev-dependencies": ("PDM", pdm.get("dev-dependencies")),
        }
        found |= {
            f"tool.poetry.group.{key}": ("Poetry", self._table(groups, key)) for key in groups
        }
        for where, (tool, table) in found.items():
            if table and table != {"optional": True}:  # Of a group that stands elsewhere.
                self._refuse_form(tool, where, "[dependency-groups]")

    def _refuse_form(self, tool: str, where: str, instead: str) -> None:
        self._declared.refuse(
            f"{self._base}: {where} is {tool}'s own form. Write {instead}, {INSTEAD}"
        )

    def _add(self, name: str, where: str, text: object) -> None:
        first = NAME.match(text) if isinstance(text, str) else None
        if first and self._own and canonicalize_name(first[1]) == self._own:
            self._refuse(where, "the project names itself. Write what it needs, set by set.")
        else:
            self._declared.add(name, self._at(where), text)

    def _at(self, where: str) -> str:
        return f"{self._base}, {where}"

    def _refuse(self, where: str, problem: str) -> None:
        self._declared.refuse(f"{self._at(where)}: {problem}")

    def _table(self, content: Mapping[str, Any], key: str) -> dict[str, Any]:
        found = content.get(key, {})
        if isinstance(found, dict):
            return found
        self._declared.refuse(f"{self._base}: {key} must be a table.")
        return {}

    def _list(self, content: Mapping[str, Any], key: str) -> list[Any]:
        found = content.get(key, [])
        if isinstance(found, list):
            return found
        self._declared.refuse(f"{self._base}: {key} must be a list.")
        return []
