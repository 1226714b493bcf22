"""What a page says, as text and as the forms a person could send."""

import re
from html.parser import HTMLParser


class _Words(HTMLParser):
    def __init__(self):
        super().__init__()
        self.words = []
        self._hidden = 0

    def handle_starttag(self, tag, _attrs):
        if tag in {"script", "style"}:
            self._hidden += 1

    def handle_endtag(self, tag):
        if tag in {"script", "style"}:
            self._hidden -= 1

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)


def text(response):
    """Return all words of a page, single-spaced."""
    reader = _Words()
    reader.feed(response.content.decode())
    return " ".join(" ".join(reader.words).split())


def main_text(response):
    """Return the words of the page's own part."""
    body = response.content.decode()
    reader = _Words()
    reader.feed(body[body.index("<main") : body.index("</main>")])
    return " ".join(" ".join(reader.words).split())


def attribute(response, name):
    """Return the first value of an attribute on the page."""
    found = re.search(rf'{name}="([^"]*)"', response.content.decode())
    assert found, f"no {name}"
    return found[1].replace("&quot;", '"').replace("&amp;", "&")


def lines(response):
    """Return the history: what, figure and why of each deed, in order."""
    body = response.content.decode()
    found = []
    for item in re.findall(r'<li class="deed[^"]*">(.*?)</li>', body, re.DOTALL):
        parts = re.findall(r'class="deed-(what|figure|why)[^"]*">([^<]*)<', item)
        found.append(tuple(words for _name, words in parts))
    return found
