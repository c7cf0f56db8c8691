"""What CI workflows are made of beside rows: runner, commands, services and hand-written frames."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """What tests need beside Python: a container beside the job, steps before, or both."""

    name: str
    image: str = ""  # Empty: no container.
    ports: tuple[str, ...] = ()
    environment: Pairs = ()  # Of the container.
    health_command: str = ""
    options: str = ""  # Of "docker create".
    action: str = ""
    inputs: Pairs = ()
    commands: str = ""
    variables: Pairs = ()  # Of the tests; "{host}" stands for where the container is reached.


@dataclass(frozen=True, kw_only=True, slots=True)
class Ci:
    """The settings of all workflows of an SDK."""

    runner: tuple[str, ...]  # Labels.
    container_pythons: tuple[str, ...] = ()  # Those that the runner lacks: "3.6".
    container_image: str = "python"  # Without its tag, which is the Python.
    timeout_minutes: int = 30
    install: str
    container_install: str
    test: str  # Finds the names of its environments in $ENVIRONMENTS.
    checkout_action: str
    python_action: str
    extra_needs: tuple[str, ...] = ()  # Hand-written jobs that the gate waits for.
    passes_secrets: bool = False
    services: tuple[Service, ...] = ()
    group_services: tuple[tuple[str, tuple[str, ...]], ...] = ()
    integration_services: tuple[tuple[str, tuple[str, ...]], ...] = ()
    # What stands around the regions where the repository has no frame of its own.
    group_frame: str
    main_frame: str
    frames: Pairs = ()  # By path.

    def services_of(self, group: str, integration: str) -> tuple[Service, ...]:
        """Return what an integration needs, by name; names without a service play no role."""
        wanted = {
            *dict(self.group_services).get(group, ()),
            *dict(self.integration_services).get(integration, ()),
        }
        return tuple(service for service in self.services if service.name in wanted)

    @property
    def unknown_services(self) -> list[str]:
        """Names that a group or an integration gives and no service has."""
        named = {
            name
            for _, names in (*self.group_services, *self.integration_services)
            for name in names
        }
        return sorted(named - {service.name for service in self.services})


def content_of(ci: Ci) -> dict[str, Any]:
    """Return what JSON can hold."""
    return asdict(ci)


def read_ci(content: Mapping[str, Any]) -> Ci:
    """Return what :func:`content_of` was given, after a trip through JSON."""
    plain = {name: _frozen(value) for name, value in content.items()}
    services = tuple(
        Service(**{name: _frozen(value) for name, value in each.items()})
        for each in content["services"]
    )
    return Ci(**{**plain, "services": services})


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
