"""Names on a page: as whole words, because a key made by chance may hold the letters of one."""

import re


def names_in(answer, *names):
    """Return those of the names that an answer tells."""
    body = answer.content.decode()
    return [name for name in names if re.search(rf"\b{name}\b", body)]
