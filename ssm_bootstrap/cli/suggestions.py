"""What somebody may have meant by a word that is nothing: a command, a flag, a name, a finding code, or a file beside it."""

from __future__ import annotations

import os
import re
from typing import Iterable, Optional, Sequence

from ssm_bootstrap.catalog.secrets import looks_like_a_code
from ssm_bootstrap.render.language import _

MOST_NAMES = 2000
"""Names of a directory that are compared."""


def closest(word: str, names: Iterable[str], cutoff: float = 0.6) -> Optional[str]:
    """The one of the names that is nearest to the word; None where none is near."""
    from difflib import get_close_matches  # nobody waits for it but who has mistyped

    found = get_close_matches(word.lower(), list(names), n=1, cutoff=cutoff)
    return found[0] if found else None


def question(name: Optional[str]) -> str:
    """What to add to a complaint: a question, or nothing."""
    return _("; did you mean {name}?", name=name) if name else ""


def flag_meant(typed: str, known: Sequence[str]) -> str:
    """What to add to a flag that there is not.

    The end of a flag's name is one too: whoever has typed the agent's own ``-code`` or ``-id`` means the one with a longer name.
    """
    name = typed.lstrip("-").lower().replace("_", "-")
    parts = [flag for flag in known if flag[2:].startswith(name) or flag.endswith(f"-{name}")]
    ends = [flag for flag in parts if flag.endswith(f"-{name}")]
    parts = ends if len(ends) == 1 else parts
    exact = f"--{name}" if f"--{name}" in known else None
    found = exact or (parts[0] if len(parts) == 1 else closest(f"--{name}", known, 0.7))
    return _(" (did you mean {found}?)", found=found) if found else ""


def may_be_a_code(word: str) -> bool:
    """Whether a word that names no file may be meant for a finding code: it has the shape of one."""
    return re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", word.lower()) is not None and not looks_like_a_code(word)


def meant(word: str) -> str:
    """What to add to a complaint about a file that is not there: a question, or nothing."""
    from difflib import get_close_matches

    from ssm_bootstrap.catalog.findings import FINDINGS

    directory, name = os.path.split(word)
    if looks_like_a_code(name) or not name:
        return ""
    if not directory:
        code = closest(name, FINDINGS, 0.75)
        if code:
            return question(_("the code {code}", code=code))
    try:
        names = os.listdir(directory or ".")[:MOST_NAMES]
    except OSError:
        return ""
    found = [item for item in get_close_matches(name, names, n=3, cutoff=0.75) if not looks_like_a_code(item)]
    return question(os.path.join(directory, found[0]) if found else None)
