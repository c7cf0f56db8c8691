"""The pages on which maintainers keep the catalogue."""

from integrations.catalogue.admin.everywhere import CooldownBypassAdmin, SharedConstraintAdmin
from integrations.catalogue.admin.holds import HoldAdmin
from integrations.catalogue.admin.integrations import IntegrationAdmin
from integrations.catalogue.admin.parts import (
    DependencyRuleAdmin,
    PinnedPickAdmin,
    PythonRestrictionAdmin,
)
from integrations.catalogue.admin.sdks import GroupAdmin, SdkAdmin
from integrations.catalogue.admin.services import ServiceAdmin, WorkflowFrameAdmin

__all__ = [
    "CooldownBypassAdmin",
    "DependencyRuleAdmin",
    "GroupAdmin",
    "HoldAdmin",
    "IntegrationAdmin",
    "PinnedPickAdmin",
    "PythonRestrictionAdmin",
    "SdkAdmin",
    "ServiceAdmin",
    "SharedConstraintAdmin",
    "WorkflowFrameAdmin",
]
