"""The door for gunicorn: ``gunicorn portal.wsgi``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("PORTAL_ROLE", "web")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
