"""Typed readers of the environment that refuse nonsense, by name, before anything starts."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import ParseResult, parse_qs, unquote, urlparse

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


class SettingError(Exception):
    """A setting in the environment cannot be used."""


def text(name: str, default: str = "") -> str:
    """Return NAME, or the content of the file that NAME_FILE points at, or the default.

    :raises SettingError: if NAME_FILE cannot be read.
    """
    path = os.environ.get(f"{name}_FILE")
    if path and name not in os.environ:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingError(f"{name}_FILE: cannot read {path}") from error
    return os.environ.get(name, default).strip()


def flag(name: str, *, default: bool) -> bool:
    """Return NAME as yes or no.

    :raises SettingError: if it is neither.
    """
    word = text(name, "yes" if default else "no").lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise SettingError(f"{name}: say yes or no, not {word!r}")


def number(name: str, default: int, *, least: int = 0) -> int:
    """Return NAME as a whole number of at least ``least``.

    :raises SettingError: if it is no such number.
    """
    word = text(name, str(default))
    if not word.isdecimal() or int(word) < least:
        raise SettingError(f"{name}: a whole number of at least {least}, not {word!r}")
    return int(word)


def words(name: str, default: str = "") -> list[str]:
    """Return the comma-separated words of NAME."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def url(name: str, default: str) -> ParseResult:
    """Return NAME as a parsed address.

    :raises SettingError: if it has no scheme.
    """
    parsed = urlparse(text(name, default))
    if not parsed.scheme:
        raise SettingError(f"{name}: an address such as {default}, not {text(name)!r}")
    return parsed


def site_url(name: str, default: str) -> ParseResult:
    """Return NAME as the public http or https origin of this site, without a path.

    :raises SettingError: if it is not one.
    """
    parsed = url(name, default)
    if (
        parsed.scheme not in {"http", "https"}
        or not parsed.hostname
        or parsed.path.strip("/")
        or parsed.query
    ):
        raise SettingError(f"{name}: an origin such as https://cards.example.org")
    return parsed


@dataclass(frozen=True)
class Mail:
    """How mail leaves: Django's backend and its settings."""

    backend: str
    settings: dict[str, Any]


def mail(name: str, default: str) -> Mail:
    """Return the mail settings of an address: smtp://user:word@host:587?tls, file:DIR, console:.

    :raises SettingError: if the scheme is unknown.
    """
    parsed = urlparse(text(name, default))
    prefix = "django.core.mail.backends"
    match parsed.scheme:
        case "smtp" | "smtps":
            return Mail(
                f"{prefix}.smtp.EmailBackend",
                {
                    "EMAIL_HOST": parsed.hostname or "localhost",
                    "EMAIL_PORT": parsed.port or (465 if parsed.scheme == "smtps" else 25),
                    "EMAIL_HOST_USER": unquote(parsed.username or ""),
                    "EMAIL_HOST_PASSWORD": unquote(parsed.password or ""),
                    "EMAIL_USE_SSL": parsed.scheme == "smtps",
                    "EMAIL_USE_TLS": "tls" in parsed.query.split("&"),
                    "EMAIL_TIMEOUT": 10,
                },
            )
        case "file":
            return Mail(f"{prefix}.filebased.EmailBackend", {"EMAIL_FILE_PATH": parsed.path})
        case "console":
            return Mail(f"{prefix}.console.EmailBackend", {})
        case "memory":
            return Mail(f"{prefix}.locmem.EmailBackend", {})
        case _:
            raise SettingError(f"{name}: smtp://, smtps://, file:, console: or memory:")


def cache(name: str, default: str) -> dict[str, Any]:
    """Return a Django cache for file:DIR, db:TABLE, redis://… or memory:.

    :raises SettingError: if the scheme is unknown.
    """
    raw = text(name, default)
    parsed = urlparse(raw)
    prefix = "django.core.cache.backends"
    match parsed.scheme:
        case "file":
            return {"BACKEND": f"{prefix}.filebased.FileBasedCache", "LOCATION": parsed.path}
        case "db":
            return {"BACKEND": f"{prefix}.db.DatabaseCache", "LOCATION": parsed.path}
        case "redis" | "rediss":
            return {"BACKEND": f"{prefix}.redis.RedisCache", "LOCATION": raw}
        case "memory":
            return {"BACKEND": f"{prefix}.locmem.LocMemCache"}
        case _:
            raise SettingError(f"{name}: file:, db:, redis:// or memory:")


SQLITE_OPTIONS: dict[str, Any] = {
    # IMMEDIATE takes the write lock at BEGIN; without it half of all concurrent writes fail.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        "PRAGMA recursive_triggers=ON;"
    ),
}


def database(name: str, default: str, *, pgbouncer: bool, pool: bool) -> dict[str, Any]:
    """Return Django's database settings for sqlite:///PATH or postgresql://user:word@host/name.

    :raises SettingError: if the scheme is unknown or no name is given.
    """
    parsed = urlparse(text(name, default))
    if parsed.scheme == "sqlite":
        path = unquote(parsed.path)
        if not path.strip("/"):
            raise SettingError(f"{name}: sqlite:///path/to/file")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path[1:],
            "OPTIONS": SQLITE_OPTIONS,
        }
    if parsed.scheme not in {"postgres", "postgresql"} or not parsed.path.strip("/"):
        raise SettingError(f"{name}: sqlite:///… or postgresql://…")
    query = {key: values[-1] for key, values in parse_qs(parsed.query).items()}
    options: dict[str, Any] = {
        "options": (
            "-c lock_timeout=4000 -c statement_timeout=60000"
            " -c idle_in_transaction_session_timeout=30000"
            # Compiling a day's sums took a hundred times as long as running them.
            " -c jit=off"
        ),
        **query,
    }
    if pgbouncer:
        options["prepare_threshold"] = None
    if pool:
        options["pool"] = {"min_size": 1, "max_size": 8, "timeout": 5}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parsed.path.lstrip("/")),
        "USER": unquote(parsed.username or ""),
        "PASSWORD": unquote(parsed.password or ""),
        "HOST": query.pop("host", None) or unquote(parsed.hostname or ""),
        "PORT": str(parsed.port or ""),
        "CONN_MAX_AGE": 0 if pool else 600,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": pgbouncer,
        "OPTIONS": {key: value for key, value in options.items() if key != "host"},
    }
