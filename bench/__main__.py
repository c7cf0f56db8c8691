"""``python -m bench``: every budget of the portal beside its floor, all measured in this run."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import django

from bench.report import print_rows

BENCHES = (
    "poll",
    "matrix",
    "preview",
    "resolving",
    "rendering",
    "pins",
    "workflows",
    "review",
    "pages",
    "holds",
)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("benches", nargs="*", help=f"Some of {', '.join(BENCHES)}; none: all.")
    chosen = parser.parse_args(words).benches or BENCHES
    if unknown := sorted(set(chosen) - set(BENCHES)):
        parser.error(f"There is no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    rows = [row for name in chosen for row in import_module(f"bench.{name}").run()]
    return 0 if print_rows(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
