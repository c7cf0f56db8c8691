"""The catalogue: what the maintainers of an SDK say that it supports."""

from integrations.catalogue.models.ci import Service, WorkflowFrame
from integrations.catalogue.models.everywhere import CooldownBypass, SharedConstraint
from integrations.catalogue.models.holds import Hold
from integrations.catalogue.models.integration import Group, Integration
from integrations.catalogue.models.rules import DependencyRule, PinnedPick, PythonRestriction
from integrations.catalogue.models.sdk import Sdk

__all__ = [
    "CooldownBypass",
    "DependencyRule",
    "Group",
    "Hold",
    "Integration",
    "PinnedPick",
    "PythonRestriction",
    "Sdk",
    "Service",
    "SharedConstraint",
    "WorkflowFrame",
]
