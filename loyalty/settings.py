"""All settings, read top to bottom; what differs between machines comes from the environment."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from loyalty import env

if TYPE_CHECKING:
    from wsgiref.headers import Headers

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "var")))
DATA_DIR.mkdir(parents=True, exist_ok=True)

# --- Where this site is ------------------------------------------------------------------------

DEBUG = env.flag("DEBUG", default=False)
_site = env.site_url("SITE_URL", "http://localhost:8000")
SITE_URL = f"{_site.scheme}://{_site.netloc}"
IS_SECURE = _site.scheme == "https"
SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY and DEBUG:
    SECRET_KEY = "development-only-" + "0" * 50  # Refused by `check --deploy`.
ALLOWED_HOSTS = [str(_site.hostname), *env.words("ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
ROOT_URLCONF = "loyalty.urls"
WSGI_APPLICATION = "loyalty.wsgi.application"
SILENCED_SYSTEM_CHECKS = ["models.W040"]  # SQLite ignores the columns an index only includes.
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Parts -------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin.apps.SimpleAdminConfig",  # The dashboard registers its own pages.
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "csp",
    "django_q",
    "loyalty.users",
    "loyalty.audit",
    "loyalty.jobs",
    "clubs",
    "cards",
    "loyalty.members",
    "loyalty.outbox",
    "loyalty.ledger",
    "loyalty.operations",
    "loyalty.analytics",
    "loyalty.imports",
    "loyalty.exports",
    "loyalty.web",
    "loyalty.wallet",
    "loyalty.demo",
    "staff",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "loyalty.web.middleware.headers",
    "loyalty.web.middleware.tell_the_audit_log",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "loyalty.web.middleware.keep_pins_at_the_counter",
    "loyalty.web.middleware.translate_trouble",
]
TEMPLATES: list[dict[str, Any]] = [
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

# --- Data --------------------------------------------------------------------------------------

# The pool belongs to the web process alone: forked workers would share its connections.
_is_worker = len(sys.argv) > 1 and sys.argv[1] == "qcluster"
DATABASES = {
    "default": env.database(
        "DATABASE_URL",
        f"sqlite:///{DATA_DIR}/loyalty.sqlite3",
        pgbouncer=env.flag("DB_PGBOUNCER", default=False),
        pool=env.flag("DB_POOL", default=False) and not _is_worker,
    )
}
CACHES = {"default": env.cache("CACHE_URL", f"file:{DATA_DIR}/cache")}
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/media/"
# Files people asked for: fetched through a view that looks who asks, never as media.
EXPORTS_ROOT = DATA_DIR / "exports"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "loyalty.web.storage.StaticStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- People ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("web:after_sign_in")
ACCOUNT_ADAPTER = "loyalty.wallet.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]  # The password may be left out.
ACCOUNT_SIGNUP_FORM_CLASS = "loyalty.wallet.forms.SignUpForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_SECURE
MFA_TOTP_ISSUER = str(_site.hostname)
# Only a demo runs the dashboard without a second factor; `check --deploy` refuses it.
ADMIN_NEEDS_SECOND_FACTOR = env.flag("ADMIN_NEEDS_SECOND_FACTOR", default=True)
SESSION_COOKIE_NAME = "__Host-session" if IS_SECURE else "loyalty_session"
SESSION_COOKIE_SECURE = IS_SECURE
SESSION_COOKIE_AGE = 60 * 60 * 24 * 60
CSRF_COOKIE_NAME = "__Host-csrf" if IS_SECURE else "loyalty_csrf"
CSRF_COOKIE_SECURE = IS_SECURE
CSRF_COOKIE_HTTPONLY = True

# --- Words -------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "loyalty" / "locale"]
FORMAT_MODULE_PATH = "loyalty.formats"
USE_TZ = True
TIME_ZONE = "UTC"

# --- What leaves this site ---------------------------------------------------------------------

_mail = env.mail("EMAIL_URL", f"file:{DATA_DIR}/mail")
EMAIL_BACKEND = _mail.backend
globals().update(_mail.settings)
DEFAULT_FROM_EMAIL = env.text("FROM_EMAIL", f"cards@{_site.hostname}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ADMINS = [("", address) for address in env.words("ADMIN_EMAILS")]

# --- Headers -----------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = IS_SECURE and env.flag("SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000 if IS_SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_SECURE
SECURE_HSTS_PRELOAD = IS_SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if ALLAUTH_TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "media-src": [SELF, "blob:"],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# A worker obeys the policy of its own file, not that of the page that starts it.
WORKER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
_worker_file = re.compile(r"/js/scan/worker(\.[0-9a-f]+)?\.js$")


def WHITENOISE_ADD_HEADERS_FUNCTION(  # noqa: N802 - WhiteNoise's name for it
    headers: "Headers", _path: str, url: str
) -> None:
    """Give the scanner's worker the policy it needs and no more."""
    if _worker_file.search(url):
        headers["Content-Security-Policy"] = WORKER_POLICY


# --- Jobs --------------------------------------------------------------------------------------

_on_sqlite = DATABASES["default"]["ENGINE"].endswith("sqlite3")
WORKERS = 1 if _on_sqlite else env.number("WORKERS", 2, least=1)
Q_CLUSTER = {
    "name": "loyalty",
    "orm": "default",
    "workers": WORKERS,
    "queue_limit": WORKERS,
    "timeout": 60,
    "retry": 600,
    "max_attempts": 5,
    "ack_failures": False,
    "catch_up": False,
    "save_limit": 1000,
    "poll": 1.0,
    "label": "Jobs",
}

# --- Product limits (each with its reason in docs/limits.md) -------------------------------------

RECENT_MEMBERS_DAYS = env.number("RECENT_MEMBERS_DAYS", 7, least=1)
STAFF_IDLE_SECONDS = env.number("STAFF_IDLE_SECONDS", 300, least=30)
PRIVACY_VERSION = env.text("PRIVACY_VERSION", "2026-11")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
}

# --- The dashboard's theme (pinned; staff/admin/unfold_parts.py alone imports it) -----------------

UNFOLD = {
    "SITE_TITLE": _("Dashboard"),
    "SITE_HEADER": _("Dashboard"),
    "SITE_URL": reverse_lazy("web:after_sign_in"),
    "SITE_SYMBOL": "loyalty",
    "SITE_FAVICONS": [{"rel": "icon", "href": "staff.admin.dashboard.favicon"}],
    "STYLES": ["staff.admin.dashboard.stylesheet", "staff.admin.dashboard.rules_stylesheet"],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": len(LANGUAGES) > 1,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "10px",
    "DASHBOARD_CALLBACK": "staff.admin.dashboard.fill",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "staff.admin.dashboard.navigation",
    },
    # Quiet surroundings: the accent is plain ink, so that a partner's card is what has colour.
    "COLORS": {
        "primary": {
            "50": "#f3f5f7",
            "100": "#e6eaee",
            "200": "#cfd6dd",
            "300": "#abb6c1",
            "400": "#7d8b99",
            "500": "#5a6876",
            "600": "#232a33",
            "700": "#1a2028",
            "800": "#14191f",
            "900": "#0f1318",
            "950": "#0a0d11",
        }
    },
}
