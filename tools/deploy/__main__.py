"""``python -m tools.deploy`` writes the made blocks of deploy/'s templates anew."""

from __future__ import annotations

from tools.deploy.blocks import DEPLOY, TEMPLATES, filled


def main() -> None:
    """Write each template that is not as it has to be, and say so."""
    for path in TEMPLATES:
        text = filled(path)
        if (DEPLOY / path).read_text(encoding="utf-8") != text:
            (DEPLOY / path).write_text(text, encoding="utf-8")
            print(f"deploy/{path}")


if __name__ == "__main__":
    main()
