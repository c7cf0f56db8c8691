"""Configuration of Upsun, Fixed and Flex: its structure, and what its hooks do."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from integrations.policy.linting.findings import Finding
from integrations.policy.linting.forms import Form, root_of
from integrations.policy.linting.hooks import Hook, check_hook, check_start
from integrations.policy.linting.rules import finding
from integrations.policy.linting.scripts import Role
from integrations.policy.linting.tools import check_age
from integrations.policy.linting.upload import Upload
from integrations.policy.linting.variables import (
    IN_PROJECT,
    check_in_project,
    check_variable,
)
from integrations.policy.linting.yaml_tree import Items, Node, Scalar, Table

# Keys of an application, as the documentation of both products has them.
KEYS = frozenset(
    [
        "type",
        "stack",
        "size",
        "resources",
        "container_profile",
        "relationships",
        "mounts",
        "web",
        "workers",
        "crons",
        "variables",
        "hooks",
        "dependencies",
        "build",
        "source",
        "runtime",
        "access",
        "firewall",
        "additional_hosts",
        "timezone",
        "operations",
        "preflight",
    ]
)
FIXED_ONLY = frozenset(["name", "disk"])
INNER: Mapping[str, frozenset[str]] = {
    "hooks": frozenset(["build", "deploy", "post_deploy"]),
    "web": frozenset(["commands", "upstream", "locations", "document_root", "passthru"]),
    "dependencies": frozenset(
        ["python3", "python", "python2", "nodejs", "ruby", "php"],
    ),
}
TABLES = frozenset(["hooks", "web", "variables", "mounts", "relationships", "crons", "workers"])
FLEX_KEYS = frozenset(["applications", "services", "routes"])
SOURCES: Mapping[bool, frozenset[str]] = {
    True: frozenset(["storage", "instance", "tmp", "service"]),  # Flex
    False: frozenset(["local", "service", "tmp"]),
}
FAMILIES = frozenset(["tcp", "unix"])
PYTHON = re.compile(r"python[:@](\d+)\.(\d+)")
NEARLY = 0.7


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """One application of a file."""

    path: str
    table: Table
    is_flex: bool
    upload: Upload

    @property
    def python(self) -> int | None:
        """The 13 of Python 3.13; None where it is not known."""
        kind = self.table.scalar("type")
        texts = [kind.text] if kind else []
        stack = self.table.get("stack")
        if isinstance(stack, Items):
            texts += [each.text for each in stack.values if isinstance(each, Scalar)]
            texts += [key for each in stack.values if isinstance(each, Table) for key in each.lines]
        found = next((match for text in texts if (match := PYTHON.match(text))), None)
        return int(found[2]) if found and found[1] == "3" else None

    @property
    def variables(self) -> dict[str, str]:
        table = self.table.table("variables").table("env")
        return {name: n.text for name, n in table.values.items() if isinstance(n, Scalar)}

    @property
    def mounts(self) -> set[str]:
        return {name.strip("/") for name in self.table.table("mounts").values}


def check_platform(path: str, upload: Upload) -> Iterator[Finding]:
    node, form = upload.yamls[path], upload.forms[path]
    if form is Form.FLEX:
        yield from _flex(path, node, upload)
    elif form is Form.FIXED_SEVERAL and isinstance(node, Items):
        for each in node.values:
            yield from _app(path, each, upload, is_flex=False)
    elif form is Form.FIXED_SEVERAL and isinstance(node, Table):
        for each in node.values.values():
            yield from _app(path, each, upload, is_flex=False, is_named=True)
    else:
        yield from _app(path, node, upload, is_flex=False)


def _flex(path: str, node: Node, upload: Upload) -> Iterator[Finding]:
    if not isinstance(node, Table):
        yield finding("structure", path, node.line, "The file must be a mapping.")
        return
    yield from _unknown(path, node, FLEX_KEYS, "")
    apps = node.get("applications")
    if isinstance(apps, Table):
        for each in apps.values.values():
            yield from _app(path, each, upload, is_flex=True)
    elif apps is not None:
        yield finding("structure", path, apps.line, "applications must be a mapping by name.")


def _app(
    path: str, node: Node, upload: Upload, *, is_flex: bool, is_named: bool = False
) -> Iterator[Finding]:
    if not isinstance(node, Table):
        yield finding("structure", path, node.line, "An application must be a mapping.")
        return
    app = App(path=path, table=node, is_flex=is_flex, upload=upload)
    yield from _structure(app, is_named=is_named)
    yield from _mounts(app)
    yield from _tools(app)
    yield from _variables(app)
    yield from _hooks(app)
    yield from _starts(app)


# --- Structure -----------------------------------------------------------------------------------
def _structure(app: App, *, is_named: bool) -> Iterator[Finding]:
    table, path = app.table, app.path
    yield from _unknown(path, table, KEYS if app.is_flex else KEYS | FIXED_ONLY, "")
    if not table.get("type") and not table.get("stack"):
        yield finding("structure", path, table.line, "The application has no type.")
    if not app.is_flex and not is_named and not table.get("name"):
        yield finding("structure", path, table.line, "The application has no name.")
    for key in sorted(TABLES):
        found = table.get(key)
        if found is not None and not isinstance(found, Table):
            yield finding("structure", path, found.line, f"{key} must be a mapping.")
    for key, keys in INNER.items():
        yield from _unknown(path, table.table(key), keys, f"{key}.")
    for key in ("build", "dependencies", "runtime"):
        if table.get("stack") and table.get(key):
            line = table.lines[key]
            yield finding("structure", path, line, f"{key} has no effect beside stack.")
    yield from _types(app)


def _types(app: App) -> Iterator[Finding]:
    """Yield texts where mappings belong, and mappings where texts belong."""
    for name, hook in app.table.table("hooks").values.items():
        if not isinstance(hook, Scalar):
            yield finding("structure", app.path, hook.line, f"hooks.{name} must be a text.")
    places = (("dependencies", "python3"), ("variables", "env"), ("web", "commands"))
    for outer, inner in places:
        found = app.table.table(outer).get(inner)
        if found is not None and not isinstance(found, Table):
            text = f"{outer}.{inner} must be a mapping."
            yield finding("structure", app.path, found.line, text)
    for name, group in app.table.table("variables").values.items():
        if not isinstance(group, Table):
            text = f"variables.{name} must be a mapping: variables.env holds variables."
            yield finding("structure", app.path, group.line, text)


def _unknown(path: str, table: Table, keys: frozenset[str], prefix: str) -> Iterator[Finding]:
    for key, line in table.lines.items():
        if key in keys:
            continue
        text = f"There is no key {prefix}{key} here."
        if not prefix and key in FIXED_ONLY:
            text = f"{key} is a key of Upsun Fixed, not of Flex."
        elif not prefix and key in FLEX_KEYS:
            text = f"{key} is a key of Upsun Flex, which reads .upsun/config.yaml."
        elif near := difflib.get_close_matches(key, sorted(keys), n=1, cutoff=NEARLY):
            text = f"There is no key {prefix}{key} here. Did you mean {prefix}{near[0]}?"
        yield finding("structure", path, line, text)


def _mounts(app: App) -> Iterator[Finding]:
    sources = SOURCES[app.is_flex]
    product = "Flex" if app.is_flex else "Fixed"
    needs_disk = False
    for name, mount in app.table.table("mounts").values.items():
        source = mount.scalar("source") if isinstance(mount, Table) else None
        if source is None:
            yield finding("structure", app.path, mount.line, f"The mount {name} has no source.")
        elif source.text not in sources:
            known = ", ".join(sorted(sources))
            yield finding(
                "mount-source",
                app.path,
                source.line,
                f'"{source.text}" is no source of Upsun {product}, which has {known}.',
            )
        needs_disk |= source is not None and source.text == "local"
    if needs_disk and not app.is_flex and not app.table.get("disk"):
        line = app.table.lines["mounts"]
        yield finding("missing-disk", app.path, line, "There are mounts of local, and no disk.")


# --- Tools and variables -------------------------------------------------------------------------
def _tools(app: App) -> Iterator[Finding]:
    for language in ("python3", "python"):
        for name, node in app.table.table("dependencies").table(language).values.items():
            if isinstance(node, Scalar):
                yield from _tool(app, name, node)


def _tool(app: App, name: str, node: Scalar) -> Iterator[Finding]:
    if node.kind in {"int", "float"}:
        yield _number(app, name, node)
    text = node.text.removeprefix("==")
    try:
        Version(text)
    except InvalidVersion:
        yield finding(
            "tool-unpinned", app.path, node.line, f'{name} is "{node.text}", which is no version.'
        )
        return
    yield from check_age(app.path, node.line, name, text, app.python)


def _number(app: App, name: str, node: Scalar) -> Finding:
    reader = f"{float(node.text):g}" if node.kind == "float" and _is_float(node.text) else node.text
    return finding(
        "unquoted",
        app.path,
        node.line,
        f"{name} is the number {node.text}, which readers of YAML may write as {reader}.",
    )


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _variables(app: App) -> Iterator[Finding]:
    for name, node in app.table.table("variables").table("env").values.items():
        if not isinstance(node, Scalar):
            yield finding("structure", app.path, node.line, f"{name} must be a text.")
            continue
        if node.kind in {"int", "float"}:
            yield _number(app, name, node)
        elif node.kind != "str":
            yield finding(
                "unquoted",
                app.path,
                node.line,
                f"{name} is {node.text}, a {node.kind} and no text.",
            )
        if "$" in node.text:
            yield finding(
                "no-expansion", app.path, node.line, f'{name} stays "{node.text}" as it is written.'
            )
        yield from check_variable(app.path, node.line, name, node.text)
        tool = name.removesuffix("_VERSION").lower()
        if name in {"PIP_VERSION", "PIPENV_VERSION", "POETRY_VERSION", "UV_VERSION"}:
            yield from check_age(app.path, node.line, tool, node.text, app.python)
        if name == IN_PROJECT:
            yield from check_in_project(app.path, node.line, app.variables)


# --- Hooks and commands --------------------------------------------------------------------------
ROLES = {"build": Role.BUILD, "deploy": Role.DEPLOY, "post_deploy": Role.DEPLOY}


def _hooks(app: App) -> Iterator[Finding]:
    for name, node in app.table.table("hooks").values.items():
        if isinstance(node, Scalar) and name in ROLES:
            yield from check_hook(_hook(app, name, node), app.upload)
    kind = app.table.scalar("type")
    is_python = kind is not None and kind.text.startswith("python")
    if is_python and app.table.table("hooks").scalar("build") is None:
        yield finding("no-build", app.path, app.table.line, "No build hook installs anything.")


def _hook(app: App, name: str, node: Scalar) -> Hook:
    return Hook(
        path=app.path,
        name=name,
        role=ROLES[name],
        text=node.text,
        line=node.line + node.is_block,
        variables=app.variables,
        mounts=app.mounts,
        python=app.python,
        root=root_of(app.path),
    )


def _starts(app: App) -> Iterator[Finding]:
    web = app.table.table("web")
    family = web.table("upstream").scalar("socket_family")
    if family is not None and family.text not in FAMILIES:
        yield finding(
            "structure", app.path, family.line, f'"{family.text}" is no socket_family: tcp, unix.'
        )
    is_unix = family is not None and family.text == "unix"
    starts: list[tuple[str, Table, bool | None]] = [("web", web, is_unix)]
    starts += [
        ("worker", each, None)
        for each in app.table.table("workers").values.values()
        if isinstance(each, Table)
    ]
    for kind, table, unix in starts:
        for name, node in table.table("commands").values.items():
            if isinstance(node, Scalar):
                hook = _hook(app, "build", node)
                is_web = kind == "web" and name == "start"
                yield from check_start(hook, app.upload, is_unix=unix if is_web else None)


def variables_in(node: Node) -> set[str]:
    """Return the names of the variables that any application of a file sets."""
    tables: list[Node] = [node]
    tables += node.table("applications").values.values() if isinstance(node, Table) else []
    tables += node.values.values() if isinstance(node, Table) else []
    tables += node.values if isinstance(node, Items) else []
    found: set[str] = set()
    for each in tables:
        if isinstance(each, Table):
            found |= set(each.table("variables").table("env").values)
    return found
