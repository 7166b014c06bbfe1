"""What cfn-lint says of a template; its rules are read once a process, which takes longer than a template."""

from __future__ import annotations

from functools import cache
from typing import Any, List, Sequence


@cache
def _rules() -> Any:
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn()).rules


def complaints(text: str, regions: Sequence[str]) -> List[str]:
    """Each complaint about a template in these regions, with its rule; what cannot be read is one too."""
    from cfnlint import ManualArgs, lint

    found = lint(text, _rules(), regions=list(regions), config=ManualArgs(regions=list(regions)))
    return [f"{one.rule.id} {one.message}" for one in found]
