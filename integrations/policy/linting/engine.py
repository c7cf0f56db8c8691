"""Reading files that belong together, and looking at each with the rules of its form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from integrations.policy.linting.across import check_across
from integrations.policy.linting.dockerfiles import check_dockerfile
from integrations.policy.linting.findings import Finding, Severity
from integrations.policy.linting.forms import Form
from integrations.policy.linting.lock_checks import (
    check_pipfile_lock,
    check_poetry_lock,
    check_pylock,
    check_uv_lock,
)
from integrations.policy.linting.platforms import check_platform
from integrations.policy.linting.requirement_files import check_requirements
from integrations.policy.linting.smaller import (
    check_environment,
    check_pipfile,
    check_poetry_toml,
    check_pyproject,
    check_shell,
    check_tox,
)
from integrations.policy.linting.staleness import (
    check_declaration,
    check_pipfile_hash,
    check_poetry_hash,
    check_uv_declared,
)
from integrations.policy.linting.untold import untold
from integrations.policy.linting.upload import Check, Known, Upload

CHECKS: Mapping[Form, tuple[Check, ...]] = {
    Form.LOCK: (check_requirements,),
    Form.DECLARATION: (check_requirements, check_declaration),
    Form.PIPFILE: (check_pipfile,),
    Form.PIPFILE_LOCK: (check_pipfile_lock, check_pipfile_hash),
    Form.PYPROJECT: (check_pyproject,),
    Form.POETRY_LOCK: (check_poetry_lock, check_poetry_hash),
    Form.POETRY_TOML: (check_poetry_toml,),
    Form.UV_LOCK: (check_uv_lock, check_uv_declared),
    Form.PYLOCK: (check_pylock,),
    Form.FIXED: (check_platform,),
    Form.FIXED_SEVERAL: (check_platform,),
    Form.FLEX: (check_platform,),
    Form.ENVIRONMENT: (check_environment,),
    Form.DOCKERFILE: (check_dockerfile,),
    Form.TOX: (check_tox,),
    Form.SCRIPT: (check_shell,),
    Form.METADATA: (),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What was read as what, and what was found; ``unread``: no rule is about these files."""

    findings: tuple[Finding, ...]
    read: Mapping[str, Form] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()  # Which conflicts these files cannot show, in sentences.

    def count(self, severity: Severity) -> int:
        return sum(found.severity is severity for found in self.findings)

    @property
    def errors(self) -> int:
        return self.count(Severity.ERROR)

    @property
    def warnings(self) -> int:
        return self.count(Severity.WARNING)


def lint(files: Mapping[str, str], *, known: Known | None = None) -> list[Finding]:
    """Return what is wrong with *files* (text by path), by path and line."""
    return list(examine(files, known=known).findings)


def examine(files: Mapping[str, str], *, known: Known | None = None) -> Report:
    """
    Look at *files* (text by path), and say what was read.

    *known* holds what releases ask for (Requires-Dist by "name==version"), as far as somebody
    knows it beside the files: Pipfile.lock does not. No file is run, none is fetched, nobody is
    asked.
    """
    upload = Upload(files=files, known=known or {})
    found = [*upload.findings, *_all(upload)]
    unreadable = {one.path for one in upload.findings if one.rule == "unreadable"}
    return Report(
        findings=tuple(sorted(dict.fromkeys(found), key=_order)),
        read={path: upload.forms[path] for path in sorted(upload.forms)},
        unread=tuple(sorted(set(files) - set(upload.forms) - unreadable)),
        untold=tuple(untold(upload)),
    )


def _all(upload: Upload) -> Iterator[Finding]:
    for path, form in upload.forms.items():
        for check in CHECKS[form]:
            yield from check(path, upload)
    yield from check_across(upload)


def _order(found: Finding) -> tuple[str, int, str, str]:
    return found.path, found.line, found.rule, found.text
