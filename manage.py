#!/usr/bin/env python
"""The door to every command of the portal: ``python manage.py help``."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415  (settings first)

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
