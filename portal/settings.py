"""
Settings: each has its default here and one environment variable that overrides it.

The table in README.md lists every variable; a test compares the two.
"""

import os
from pathlib import Path
from typing import Any

from portal.env import (
    env_bool,
    env_choice,
    env_database,
    env_int,
    env_list,
    env_path,
    env_secret,
    env_text,
)

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where things are kept -----------------------------------------------------------------------
PORTAL_DATA_DIR = env_path("PORTAL_DATA_DIR", default=BASE_DIR / ".data")
# What this process is: "web" (set by portal/wsgi.py) opens a pool of connections on PostgreSQL,
# which the worker must not have: it forks.
PORTAL_ROLE = env_choice("PORTAL_ROLE", default="command", choices=("command", "web", "worker"))
DATABASES = {
    "default": env_database(
        "DATABASE_URL",
        default=PORTAL_DATA_DIR / "portal.sqlite3",
        pooled=PORTAL_ROLE == "web",
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- The index -----------------------------------------------------------------------------------
# A simple index (PEP 503). Empty: the public one, whose address an installed library knows.
PORTAL_INDEX_URL = env_text("PORTAL_INDEX_URL", default="")
# URLs with a user and a password; they are sent to the host that they name, and nowhere else.
PORTAL_INDEX_CREDENTIALS = env_list("PORTAL_INDEX_CREDENTIALS", default="")
PORTAL_INDEX_TIMEOUT = env_int("PORTAL_INDEX_TIMEOUT", default=20, least=1, most=600)  # Seconds.
PORTAL_INDEX_CONNECTIONS = env_int("PORTAL_INDEX_CONNECTIONS", default=16, least=1, most=64)
PORTAL_INDEX_MAX_BODY = env_int(
    "PORTAL_INDEX_MAX_BODY", default=64_000_000, least=1_000_000, most=1_000_000_000
)  # Bytes, decompressed.

# --- Resolution ----------------------------------------------------------------------------------
# Building a source distribution runs foreign code: the operator decides whether workers may.
PORTAL_ALLOW_SDIST_BUILDS = env_bool("PORTAL_ALLOW_SDIST_BUILDS", default=False)
PORTAL_UV_PROCESSES = env_int("PORTAL_UV_PROCESSES", default=2, least=1, most=16)

# --- Security ------------------------------------------------------------------------------------
DEBUG = env_bool("PORTAL_DEBUG", default=False)
SECRET_KEY = env_secret("PORTAL_SECRET_KEY", kept_in=PORTAL_DATA_DIR / "secret-key")
# A health check asks its own machine.
ALLOWED_HOSTS = [
    *env_list("PORTAL_ALLOWED_HOSTS", default=""),
    *("localhost", "127.0.0.1", "[::1]"),
]
CSRF_TRUSTED_ORIGINS = env_list("PORTAL_TRUSTED_ORIGINS", default="")
# Behind a proxy that speaks TLS: cookies only over TLS, and the proxy's word for the scheme.
PORTAL_TLS = env_bool("PORTAL_TLS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PORTAL_TLS
SECURE_REDIRECT_EXEMPT = ["^health/$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PORTAL_TLS else None
SECURE_HSTS_SECONDS = 31_536_000 if PORTAL_TLS else 0
# portal.W007 asks for TLS where others can reach the portal; on one's own machine there is none.
SILENCED_SYSTEM_CHECKS = [f"security.W{number:03}" for number in (4, 8, 12, 16)]
# HSTS for other hosts of the domain is not the portal's to say.
SILENCED_SYSTEM_CHECKS += ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"

# --- Django --------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "portal.home",  # Before the admin: our templates and style sheet come first.
    "portal.accounts",
    "portal.operations",
    "portal.guidance",
    "integrations.catalogue",
    "integrations.index",
    "matrix.environments",
    "matrix.review",
    "django_q",
    "simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"  # Not the admin's: who only looks or reviews is no staff.
LOGIN_REDIRECT_URL = "home"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # Files are served from where they lie: nothing is collected.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # An SDK with many integrations has long inline forms.
DATA_UPLOAD_MAX_NUMBER_FILES = 200  # As many as the linter reads at a time.
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True

# --- Work in the background (docs/decisions/0003-workers.md) -------------------------------------
# Delivery is at least once. The lock on a task starts when it is fetched, not when it starts:
# retry > timeout * (1 + ceil((queue_limit + 1) / workers)).
Q_CLUSTER: dict[str, Any] = {
    "name": "portal",
    "orm": "default",
    "workers": env_int("PORTAL_WORKERS", default=2, least=1, most=32),
    "queue_limit": 1,
    "timeout": 300,
    "retry": 960,
    "max_attempts": 3,
    "ack_failures": False,
    "catch_up": False,
    "save_limit": 1000,
    "save_limit_per": "func",
    "poll": 1,
    "recycle": 100,
    "label": "Background tasks",
}
# Another broker than the database. It loses tasks whose worker dies; portal.tasks.sweep finds them.
PORTAL_REDIS_URL = env_text("PORTAL_REDIS_URL", default="")
if PORTAL_REDIS_URL:
    Q_CLUSTER["redis"] = PORTAL_REDIS_URL
    del Q_CLUSTER["orm"]
# Seconds in which no task finishes, after which the supervisor restarts the worker. Longer than
# a task may take and the next heartbeat is away (portal.W006), or busy workers were restarted.
PORTAL_HEARTBEAT_LIMIT = env_int("PORTAL_HEARTBEAT_LIMIT", default=420, least=5, most=3600)
# Seconds that running tasks get when the worker is told to stop; they run again after a restart.
PORTAL_STOP_LIMIT = env_int("PORTAL_STOP_LIMIT", default=25, least=1, most=600)

PORTAL_LOG_LEVEL = env_choice(
    "PORTAL_LOG_LEVEL", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR")
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": PORTAL_LOG_LEVEL},
    "loggers": {
        # Four lines for each task, and one task a minute is the heartbeat.
        "django-q": {"level": "WARNING"},
        # httpx logs each request with its whole address at INFO.
        "httpx": {"level": "WARNING"},
        "stamina": {"level": "ERROR"},
    },
}

# Here and not in the shell: the warning would follow "make run" on every machine.
os.environ.setdefault("DJANGO_RUNSERVER_HIDE_WARNING", "true")
