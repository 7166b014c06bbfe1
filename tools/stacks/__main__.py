"""``python -m tools.stacks``: write anew what is generated in deploy/ (make deploy)."""

from __future__ import annotations

from tools.stacks.parts import ROOT
from tools.stacks.written import files


def main() -> None:
    """Write each file whose text is another now."""
    for name, text in files().items():
        path = ROOT / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(name)


if __name__ == "__main__":
    main()
