"""The CI workflows of an SDK: what the layout says of them, and what a reviewer should know."""

from collections.abc import Iterator

from integrations.catalogue.ci_validators import pairs
from integrations.catalogue.models import Service
from integrations.catalogue.validators import words
from matrix.review.values import Found
from matrix.rules import ci as rules
from matrix.rules.parts import LayoutPart
from matrix.rules.rendering import (
    GROUP_FRAME,
    MAIN_FRAME,
    Picked,
    picked_versions_named,
    regions_at,
    strip_workflow_frame,
)
from matrix.sdk.translating import Catalogue


def ci_of(catalogue: Catalogue) -> rules.Ci | None:
    """Return what workflows are made of, with the default frames of today; None without any."""
    sdk = catalogue.sdk
    if not sdk.writes_workflows:
        return None
    integrations = catalogue.integrations
    of_groups = {each.group.name: tuple(each.group.service_list) for each in integrations}
    of_integrations = {each.name: tuple(each.service_list) for each in integrations}
    return rules.Ci(
        runner=tuple(words(sdk.ci_runner)),
        container_pythons=tuple(words(sdk.ci_container_pythons)),
        container_image=sdk.ci_container_image,
        timeout_minutes=sdk.ci_timeout_minutes,
        install=sdk.ci_install,
        container_install=sdk.ci_container_install,
        test=sdk.ci_test,
        checkout_action=sdk.ci_checkout_action,
        python_action=sdk.ci_python_action,
        extra_needs=tuple(words(sdk.ci_needs)),
        passes_secrets=sdk.ci_passes_secrets,
        services=tuple(
            _service(row) for row in sorted(sdk.services.all(), key=lambda row: row.name)
        ),
        group_services=_named(of_groups),
        integration_services=_named(of_integrations),
        group_frame=GROUP_FRAME,
        main_frame=MAIN_FRAME,
        frames=tuple(
            sorted((row.path, strip_workflow_frame(row.text, row.path)) for row in sdk.frames.all())
        ),
    )


def _named(services: dict[str, tuple[str, ...]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, services[name]) for name in sorted(services) if services[name])


def _service(row: Service) -> rules.Service:
    return rules.Service(
        name=row.name,
        image=row.image,
        ports=tuple(words(row.ports)),
        environment=tuple(pairs(row.environment)),
        health_command=row.health_command,
        options=row.options,
        action=row.action,
        inputs=tuple(pairs(row.inputs)),
        commands=row.commands,
        variables=tuple(pairs(row.variables)),
    )


def workflow_findings(layout: LayoutPart, catalogue: Catalogue, picked: Picked) -> Iterator[Found]:
    """Yield what is wrong with the workflows and is no mistake of a form."""
    if layout.ci is None:
        return
    for name in layout.ci.unknown_services:
        text = f'"{name}" is named as a service, and none is defined: CI starts nothing for it.'
        yield Found(kind="unknown service", severity="warning", text=text)
    names = [integration.name for integration in catalogue.integrations]
    for path, frame in layout.ci.frames:
        known = regions_at(path)
        for sentence in picked_versions_named(frame, names, known, picked=picked):
            text = f"{path}, line {sentence.removeprefix('Line ')}"
            yield Found(kind="version in the frame", severity="warning", text=text)
