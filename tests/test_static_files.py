"""Static files: third-party ones are what the lock says, ours survive the hashing of names."""

import json
import re
from pathlib import Path

import pytest
from django.core.management import call_command
from whitenoise.middleware import WhiteNoiseMiddleware

from deploy import vendor
from loyalty.web.storage import modules_needed_by

STATIC = Path(__file__).parent.parent / "static"
IMPORT = re.compile(r"""^(?:import|export)[^'"]*?["'](\.[^"']+)["'];""", re.MULTILINE)
ADDRESS = re.compile(r"https?://[^\s\"'`)]+")

# Names of things, not places to fetch from: an XML namespace and two links in comments.
NAMES = {
    "http://www.w3.org/2000/svg",
    "https://github.com/WICG/shape-detection-api/issues/66",
    "https://wicg.github.io/shape-detection-api/#barcode-detection-api",
}


def test_third_party_files_are_those_of_the_lock():
    assert vendor.differences(vendor.read_lock()) == []


def test_a_changed_missing_or_added_third_party_file_is_named(tmp_path: Path):
    (tmp_path / "changed.js").write_text("2")
    (tmp_path / "added.js").write_text("3")
    package = {"files": {"changed.js": vendor.sha256_of(b"1"), "missing.js": "0"}}

    assert vendor.differences([package], tmp_path) == [
        "missing.js is missing",
        "added.js is not in the lock",
        "changed.js differs from the lock",
    ]


def test_every_third_party_package_comes_with_its_licence():
    lacking = [
        package["name"]
        for package in vendor.read_lock()
        if not any("LICENSE" in path for path in package["files"])
    ]

    assert lacking == []


def test_an_edit_must_hit_exactly_one_place():
    edits = [{"file": "a.js", "pattern": "x", "becomes": "y"}]

    assert vendor.edited(b"1x2", edits, "a.js") == b"1y2"
    assert vendor.edited(b"1x2", edits, "b.js") == b"1x2"
    with pytest.raises(SystemExit):
        vendor.edited(b"xx", edits, "a.js")


def test_no_script_names_another_host():
    named = {
        address
        for path in STATIC.rglob("*.js")
        for address in ADDRESS.findall(path.read_text(encoding="utf-8"))
    }

    assert named - NAMES == set()


def test_a_page_knows_every_module_it_needs():
    assert modules_needed_by("js/wallet/shell.js") == [
        "js/codes.js",
        "js/layouts.js",
        "js/qr-svg.js",
        "js/totp.js",
        "js/wallet/offline.js",
        "js/wallet/rotating-code.js",
        "js/wallet/shell.js",
        "js/words.js",
        "vendor/qr/0.7.0/index.js",
    ]
    with pytest.raises(FileNotFoundError):
        modules_needed_by("js/nowhere.js")


@pytest.mark.slow
def test_imports_between_modules_follow_the_hashed_names(tmp_path: Path, settings):
    settings.STATIC_ROOT = str(tmp_path)
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "loyalty.web.storage.StaticStorage"},
    }
    skipped = ["admin/*", "unfold/*", "rest_framework/*", "*.wasm"]
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=skipped)

    served = json.loads((tmp_path / "staticfiles.json").read_text())["paths"].values()
    missing = [
        (name, wanted)
        for name in served
        if name.endswith(".js")
        for wanted in IMPORT.findall((tmp_path / name).read_text(encoding="utf-8"))
        if str((tmp_path / name).parent.joinpath(wanted).resolve().relative_to(tmp_path))
        not in served
    ]

    assert missing == []


def test_the_scanners_worker_may_compile_its_decoder_and_nothing_else(tmp_path: Path, settings):
    for name in ("page.0123456789ab.js", "worker.0123456789ab.js"):
        script = tmp_path / "js" / "scan" / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text("export {};")
    settings.STATIC_ROOT = tmp_path

    served = WhiteNoiseMiddleware(lambda _request: None).files

    policies = {
        url: dict(file.alternatives[0][2]).get("Content-Security-Policy")
        for url, file in served.items()
    }
    assert policies == {
        "/static/js/scan/page.0123456789ab.js": None,
        "/static/js/scan/worker.0123456789ab.js": settings.WORKER_POLICY,
    }
