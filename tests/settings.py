"""The product's settings, with a throw-away database, memory mail and quick passwords."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "DATA_DIR" not in os.environ:
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="loyalty-tests-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
_data = Path(os.environ["DATA_DIR"])
(_data / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise warns without it.
os.environ.setdefault("SECRET_KEY", "tests-" + "k" * 60)
os.environ.setdefault("SITE_URL", "http://testserver")
os.environ.setdefault("EMAIL_URL", "memory:")
os.environ.setdefault("CACHE_URL", "memory:")
os.environ.setdefault("LOG_LEVEL", "ERROR")

from loyalty.settings import *  # noqa: E402, F403
from loyalty.settings import DATABASES, STORAGES  # noqa: E402

ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, so that threads with their own connections see one database.
    DATABASES["default"]["TEST"] = {"NAME": str(_data / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = False
ACCOUNT_RATE_LIMITS = False
