"""``python -m tools.translations update|compile|check``: gathered anew, compiled, looked through."""

from __future__ import annotations

import sys
from collections import Counter

from tools.translations.catalogs import TRANSLATED, compile_all, po_of, read, update
from tools.translations.faults import faults
from tools.translations.messages import messages


def main(words: list[str]) -> int:
    """Do what is asked for; 1 where ``check`` finds something."""
    if words == ["update"]:
        update()
        compile_all()
    elif words == ["compile"]:
        compile_all()
    elif words == ["check"]:
        return _check()
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


def _check() -> int:
    kinds = Counter(message.kind for message in messages().values())
    print(", ".join(f"{count} of {kind}" for kind, count in kinds.items()))
    found = [f"{language}: {fault}" for language in TRANSLATED for fault in faults(read(po_of(language), language))]
    print("\n".join([*found, f"{len(found)} faults"]))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
