"""What a page transfers, compressed, without pictures."""

import re

import brotli
from django.contrib.staticfiles import finders

from loyalty.web.storage import modules_needed_by

MOST_BYTES = 60_000


def size(content):
    return len(brotli.compress(content))


def transferred(client, address):
    """Return the compressed sizes of the page and of all styles and scripts it names."""
    response = client.get(address)
    assert response.status_code == 200
    body = response.content.decode()
    scripts = re.findall(r'<script[^>]* src="/static/([^"]+)"', body)
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', body)
    sizes = {address: size(response.content)}
    for name in {*modules_needed_by(*scripts)}:
        sizes[name] = _file(name)
    for href in styles:
        name = href.replace("&amp;", "&")
        is_file = name.startswith("/static/")
        sizes[name] = (
            _file(name.removeprefix("/static/")) if is_file else size(client.get(name).content)
        )
    return sizes


def _file(name):
    with open(finders.find(name), "rb") as file:  # noqa: PTH123 - finders hand out plain text
        return size(file.read())
