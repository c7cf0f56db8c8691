"""What the values of an application must look like; they are written into files that run."""

import re

from django.core.exceptions import ValidationError
from packaging.requirements import InvalidRequirement, Requirement

from integrations.catalogue.validators import (
    LONGEST_REQUIREMENT,
    numbered_requirements,
    quoted,
    validate_requirement,
)
from matrix.rules.locks.parts import SETTINGS, TOOL
from portal.guidance.generating.choice import REVIEWED

SET = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
SEGMENT = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]*")
# Folders that are never an environment's alone: of a machine, and of a project.
OF_THE_SYSTEM = {
    "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "root", "run", "sbin",
    "sys", "usr",
}  # fmt: skip
OF_OTHERS = {"home", "media", "mnt", "opt", "srv", "tmp", "var"}  # But deeper folders may be.
OF_A_PROJECT = {".git", ".github", ".platform", ".tox", ".upsun", "media", "requirements", "static"}
# What a shell, YAML and a Dockerfile all read as it stands; $PORT and $SOCKET are the platform's.
COMMAND = re.compile(r"(?:[A-Za-z0-9_./:=,@+%-]|\$(?:PORT|SOCKET)\b|\$\{(?:PORT|SOCKET)\}| )+")
PROGRAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # By its name: the environment is its folder.
SLUG = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
RESERVED = {SETTINGS, TOOL, REVIEWED}
# What the other headings of a Pipfile and of its lock are called.
OF_PIPENV = {
    "default", "dev-packages", "develop", "packages", "pipenv", "pipfile", "requires", "scripts",
    "source",
}  # fmt: skip
# Registry, path, tag and digest as containers are named; the digest is what makes it repeatable.
IMAGE = re.compile(r"[a-z0-9][a-z0-9.:/_-]*(?::[A-Za-z0-9_][A-Za-z0-9._-]*)?@sha256:[0-9a-f]{64}")


def validate_slug(value: str) -> None:
    """Accept ``shop`` and ``shop-2``: it names a project, a folder and an application of Upsun."""
    if not SLUG.fullmatch(value):
        raise ValidationError(
            f"{quoted(value)} cannot name a project: begin and end with a letter or a digit: shop.",
            "slug",
        )


def validate_set_name(value: str) -> None:
    """Accept ``main``, ``dev``, ``load-tests``: it names files."""
    if not SET.fullmatch(value):
        raise ValidationError(
            f"{quoted(value)} is not the name of a set. Write lower case letters: dev, load-tests.",
            "set",
        )
    if value in RESERVED | OF_PIPENV:
        raise ValidationError(f"{quoted(value)} names another part. Choose another name.", "set")


def validate_declared(text: str) -> None:
    """Accept one requirement of PEP 508 that the index has: no address is fetched or read."""
    validate_requirement(text)
    if Requirement(text).url:
        raise ValidationError(
            f"{quoted(text)} comes from an address, and a lock takes releases from the index "
            "alone. Publish it to the index.",
            "requirement",
        )


def addresses_in(value: str) -> list[ValidationError]:
    """Return what is wrong with the requirements of a set that name an address."""
    problems = []
    for number, text in numbered_requirements(value):
        try:
            if len(text) <= LONGEST_REQUIREMENT and Requirement(text).url:
                validate_declared(text)
        except (InvalidRequirement, RecursionError):
            continue  # Another validator says so.
        except ValidationError as error:
            params = {"text": f"Line {number}: {error.message}", "line": number}
            problems.append(ValidationError("%(text)s", "requirement", params))
    return problems


def validate_environment_path(value: str) -> None:
    """Accept ``.venv``, ``build/env`` and ``/app``: a folder that is made empty on each build."""
    segments = value.strip("/").split("/")
    is_path = all(SEGMENT.fullmatch(segment) for segment in segments)
    if not is_path or ".." in segments or "." in segments:
        raise ValidationError(
            f"{quoted(value)} is not the path of an environment. Write a folder: .venv, /app.",
            "path",
        )
    first, *deeper = segments
    is_taken = first in OF_A_PROJECT
    if value.startswith("/"):
        is_taken = first in OF_THE_SYSTEM or (first in OF_OTHERS and not deeper)
    if is_taken:
        raise ValidationError(
            f"{quoted(value)} holds other things, and the environment is emptied on each build. "
            "Give it a folder of its own: .venv, /opt/shop.",
            "path",
        )


def validate_image(value: str) -> None:
    """Accept ``python:3.13-slim@sha256:…``: an image by its digest."""
    if value and not IMAGE.fullmatch(value):
        raise ValidationError(
            f"{quoted(value)} does not name an image by its digest. Write its name, and @sha256: "
            "with 64 hexadecimal digits: python:3.13-slim@sha256:….",
            "image",
        )


def validate_command(value: str) -> None:
    """Accept a program and its arguments, without anything that a shell would do more with."""
    if value and not COMMAND.fullmatch(value):
        raise ValidationError(
            f"{quoted(value)} is not a plain command. Write a program and its arguments, without "
            "quotes, pipes or variables other than $PORT and $SOCKET.",
            "command",
        )
    program = value.split(maxsplit=1)[0] if value.split() else "gunicorn"
    if not PROGRAM.fullmatch(program):
        raise ValidationError(
            f"{quoted(program)} is not the name of a program. It is looked for in the environment: "
            "write gunicorn, not its path.",
            "command",
        )
