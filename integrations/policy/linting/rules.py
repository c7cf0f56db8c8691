"""All rules, by their ids, and the one way to make a finding."""

from collections.abc import Mapping

from integrations.policy.linting.findings import Finding, Rule
from integrations.policy.linting.rules_of_builds import RULES as OF_BUILDS
from integrations.policy.linting.rules_of_locks import RULES as OF_LOCKS
from integrations.policy.linting.rules_of_platforms import RULES as OF_PLATFORMS

GROUPS: Mapping[str, tuple[Rule, ...]] = {
    "Declarations and locks": OF_LOCKS,
    "Installing and serving": OF_BUILDS,
    "Platforms and images": OF_PLATFORMS,
}
RULES: Mapping[str, Rule] = {rule.id: rule for rules in GROUPS.values() for rule in rules}


def finding(rule: str, path: str, line: int, text: str) -> Finding:
    """Return a finding of *rule*, with its severity and what mends it."""
    broken = RULES[rule]
    return Finding(path, line, rule, broken.severity, text, broken.mend)
