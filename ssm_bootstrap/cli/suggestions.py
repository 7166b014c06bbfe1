"""What somebody may have meant by a word that is nothing: a finding code, or a file beside it."""

from __future__ import annotations

import os

from ssm_bootstrap.catalog.secrets import looks_like_a_code

MOST_NAMES = 2000
"""Names of a directory that are compared."""


def meant(word: str) -> str:
    """What to add to a complaint about a file that is not there: a question, or nothing."""
    from difflib import get_close_matches  # nobody waits for it but who has mistyped

    from ssm_bootstrap.catalog.findings import FINDINGS

    directory, name = os.path.split(word)
    if looks_like_a_code(name) or not name:
        return ""
    if not directory:
        code = get_close_matches(name.lower(), FINDINGS, n=1, cutoff=0.75)
        if code:
            return f"; did you mean the code {code[0]}?"
    try:
        names = os.listdir(directory or ".")[:MOST_NAMES]
    except OSError:
        return ""
    found = [item for item in get_close_matches(name, names, n=3, cutoff=0.75) if not looks_like_a_code(item)]
    return f"; did you mean {os.path.join(directory, found[0])}?" if found else ""
