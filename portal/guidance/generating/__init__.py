"""
Complete files for one application, one tool and one platform, with a real version everywhere. Pure.

What they rest on was run by hand before it was written down: docs/guidance.md says with which
versions and when.
"""

from portal.guidance.generating.assembling import Guidance, generate
from portal.guidance.generating.choice import CannotGenerate, Choice

__all__ = ["CannotGenerate", "Choice", "Guidance", "generate"]
