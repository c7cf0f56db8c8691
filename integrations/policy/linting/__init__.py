"""
Looking for what makes an installation unrepeatable, in the files of an application. Pure.

The files are text that nobody vouches for: readers are bounded, and no file is run or fetched.
"""

from integrations.policy.linting.engine import Report, examine, lint
from integrations.policy.linting.findings import Finding, Rule, Severity
from integrations.policy.linting.forms import NAMES, Form, form_of, guess_name
from integrations.policy.linting.rules import GROUPS, RULES

__all__ = [
    "GROUPS",
    "NAMES",
    "RULES",
    "Finding",
    "Form",
    "Report",
    "Rule",
    "Severity",
    "examine",
    "form_of",
    "guess_name",
    "lint",
]
