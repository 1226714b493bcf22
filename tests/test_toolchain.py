"""What must hold of the files around the code: locks, walls, sizes, vendored files, paths."""

import ast
import hashlib
import importlib
import json
import pkgutil
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy import backup, lock

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = PROJECT["project"]["dependencies"]
DEVELOPMENT = [*RUNTIME, *PROJECT["dependency-groups"]["dev"]]
PRODUCT = ("loyalty", "clubs", "cards", "staff")
LONGEST_MODULE = 400
LONGEST_FUNCTION = 70


# --- Locks ------------------------------------------------------------------------------------


def locked_versions(text):
    """Return the version of each package that a requirement file pins."""
    lines = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in lines}


def lag(dependencies, text):
    """Return which dependencies a requirement file does not pin within their range."""
    locked = locked_versions(text)
    behind = []
    for line in dependencies:
        wanted = Requirement(line)
        version = locked.get(canonicalize_name(wanted.name))
        if version is None or not wanted.specifier.contains(version, prereleases=True):
            behind.append(line)
    return behind


def addresses(text):
    """Return the lines of a lock that say where packages come from."""
    tell_tales = ("://", "index-url", "find-links", "trusted-host", " @ ", "file:", '"resolved"')
    return [line for line in text.splitlines() if any(word in line for word in tell_tales)]


LOCKS = [("requirements.txt", RUNTIME), ("requirements-dev.txt", DEVELOPMENT)]


@pytest.mark.parametrize(("name", "dependencies"), LOCKS)
def test_the_lock_pins_every_dependency_within_its_range(name, dependencies):
    assert lag(dependencies, (ROOT / name).read_text()) == []


@pytest.mark.parametrize(("name", "dependencies"), LOCKS)
def test_the_lock_names_no_address(name, dependencies):
    assert addresses((ROOT / name).read_text()) == []


@pytest.mark.parametrize(("name", "dependencies"), LOCKS)
def test_every_locked_package_carries_a_hash(name, dependencies):
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text(), flags=re.IGNORECASE)

    assert [block for block in blocks if "--hash=sha256:" not in block] == []


def test_both_locks_agree_on_every_version():
    runtime = locked_versions((ROOT / "requirements.txt").read_text())
    development = locked_versions((ROOT / "requirements-dev.txt").read_text())

    assert {name: development.get(name) for name in runtime} == runtime


LAG_TABLE = [
    # dependency            lock                     behind
    ("django>=5.2,<5.3", "Django==5.2.19", False),
    ("django>=5.2,<5.3", "django==5.1.9", True),
    ("django>=5.2,<5.3", "django-csp==5.2.0", True),
    ("qrcode>=8.2", "", True),
    ("psycopg[binary]>=3.3", "psycopg==3.3.9 \\\n", False),
]


@pytest.mark.parametrize(("dependency", "text", "behind"), LAG_TABLE)
def test_a_lock_that_lags_behind_is_found(dependency, text, behind):
    assert bool(lag([dependency], text)) is behind


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example.org/simple",
        "--find-links /opt/wheels",
        "django @ file:///opt/django.whl",
        '"resolved": "https://packages.example.org/typescript.tgz",',
    ],
)
def test_a_lock_that_names_a_host_is_found(line):
    assert addresses(f"django==5.2.19\n{line}\n") == [line]


def test_the_javascript_lock_has_hashes_and_no_address():
    text = (ROOT / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    installed = [package for path, package in packages.items() if path]

    assert addresses(text) == []
    assert all(package["integrity"].startswith("sha512-") for package in installed)
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert packages[""]["devDependencies"] == wanted


def test_locking_drops_where_a_javascript_package_was_found():
    package = {"version": "1.0.0", "resolved": "https://example.org/a.tgz", "integrity": "sha512-x"}

    text = lock.without_addresses(json.dumps({"packages": {"node_modules/a": package}}))

    assert json.loads(text) == {
        "packages": {"node_modules/a": {"version": "1.0.0", "integrity": "sha512-x"}}
    }


def test_there_is_no_lock_that_would_record_hosts():
    names = ("uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "yarn.lock", "pnpm-lock.yaml")

    assert [name for name in names if (ROOT / name).exists()] == []


# --- Walls and sizes --------------------------------------------------------------------------


def test_the_layers_name_every_package_that_exists():
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    listed = sorted(name for layer in layers for name in re.split(r" [|:] ", layer))

    loyalty = importlib.import_module("loyalty")
    inside = [f"loyalty.{module.name}" for module in pkgutil.iter_modules(loyalty.__path__)]
    outside = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    apps = outside - {"loyalty", "tests", "deploy"}
    assert listed == sorted([*inside, *apps])
    assert set(PROJECT["tool"]["importlinter"]["root_packages"]) == {"loyalty", *apps}


def product_modules():
    folders = (*PRODUCT, "deploy")
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def test_no_module_is_longer_than_four_hundred_lines():
    scripts = sorted((ROOT / "static" / "js").rglob("*.js"))
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in [*product_modules(), *scripts]
    }

    assert {path: count for path, count in lengths.items() if count > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_seventy_lines():
    too_long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in product_modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]

    assert too_long == []


# --- Templates --------------------------------------------------------------------------------

FORBIDDEN_IN_HTML = {
    "a script without src": r"<script(?![^>]*\bsrc=)",
    "an inline style": r"<style|\sstyle\s*=",
    "an inline handler": r"<[^>]*\son[a-z]+\s*=",
    "a javascript address": r"javascript:",
}
UNESCAPED = r"\|\s*safe\b|{%\s*autoescape\s+off"
TAGS = r"{%.*?%}|{{.*?}}"


def breaches(template):
    """Return what a strict content security policy or plain care forbids in a template."""
    html = re.sub(TAGS, "…", template, flags=re.DOTALL)
    found = [
        name
        for name, pattern in FORBIDDEN_IN_HTML.items()
        if re.search(pattern, html, re.IGNORECASE)
    ]
    return [*found, "unescaped text"] if re.search(UNESCAPED, template) else found


def test_no_template_holds_inline_code_or_unescaped_text():
    found = {
        str(path.relative_to(ROOT)): breaches(path.read_text(encoding="utf-8"))
        for folder in ("templates", *PRODUCT)
        for path in sorted((ROOT / folder).rglob("*.html"))
    }

    assert {path: names for path, names in found.items() if names} == {}


BREACH_TABLE = [
    ("<script>go()</script>", ["a script without src"]),
    ("<script type='module' src='{% static 'js/a.js' %}'></script>", []),
    ("<p style='color:red'>", ["an inline style"]),
    ("<p data-style='plain' class='on'>", []),
    ("<button type='button' onclick='go()'>", ["an inline handler"]),
    ("<a\n  onmouseover = 'go()'>", ["an inline handler"]),
    ("{{ text|safe }}", ["unescaped text"]),
    ("<p>one = two, only = three</p>", []),
    ("<button{% if one == other %} hidden{% endif %}>", []),
    ("<a on{{ event }}='go()' onfocus={{ code }}>", ["an inline handler"]),
]


@pytest.mark.parametrize(("template", "names"), BREACH_TABLE)
def test_inline_code_in_a_template_is_found(template, names):
    assert breaches(template) == names


# --- Files ------------------------------------------------------------------------------------


def committed_files():
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an archive has no list of its files")
def test_no_committed_file_names_a_folder_of_somebodys_machine():
    somebodys = re.compile(rb"(?<![\w.}])/(?:work|home|root)/[\w.-]+")
    found = [
        f"{path.relative_to(ROOT)}: {match[0].decode()}"
        for path in committed_files()
        if path.is_file()
        for match in [somebodys.search(path.read_bytes())]
        if match
    ]

    assert found == []


def test_vendored_files_are_those_of_their_lock():
    vendor = ROOT / "static" / "vendor"
    packages = json.loads((vendor / "vendor.lock.json").read_text())
    listed = {path: digest for package in packages for path, digest in package["files"].items()}

    present = {
        str(path.relative_to(vendor)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in vendor.rglob("*")
        if path.is_file() and path.name != "vendor.lock.json"
    }
    assert present == listed
    assert all(package["version"] and package["licence"] for package in packages)


def test_backups_look_where_the_settings_keep_the_data(settings, monkeypatch):
    for name in ("DATABASE_URL", "ENV_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(settings.DATA_DIR))

    place = backup.this_machine()

    assert place.media == settings.MEDIA_ROOT
    assert place.database["NAME"] == f"{settings.DATA_DIR}/loyalty.sqlite3"


def test_every_make_target_says_what_it_does():
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"\.PHONY: ((?:.*\\\n)*.*)", makefile)[1].replace("\\", "").split()
    described = re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE)

    assert sorted({*phony} - {"tools"}) == sorted(described)
