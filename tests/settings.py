"""The product's settings, pointed at the servers of this test run before they are read."""

import os

from tests.plugins.places import point_environment

os.environ.setdefault(
    "SECRET_KEY", "for tests only, and long enough to be taken for a key by the checks of Django"
)
os.environ.setdefault("STATIC_MANIFEST", "0")
os.environ.setdefault("LOG_LEVEL", "WARNING")
point_environment()

from config.settings import *  # noqa: E402, F403 - settings are names; the environment must be set before

# Hashing slowly protects real passwords only.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Nothing is collected in tests; files are looked up where they lie.
WHITENOISE_AUTOREFRESH = True
