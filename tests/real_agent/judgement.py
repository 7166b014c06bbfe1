"""What `doctor` must say at a stop, and whether it said so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, FrozenSet, Mapping, Tuple


@dataclass(frozen=True)
class Stop:
    """A look at the node: which errors are so at that moment, and what each capability is worth.

    All of `must`, one of `any`, some of `may`, and no other error that is nobody's symptom. `verdicts` has alternatives
    ("ok|degraded") for the capabilities that are known.
    """

    name: str
    must: Tuple[str, ...] = ()
    any: Tuple[str, ...] = ()
    may: Tuple[str, ...] = ()
    verdicts: Mapping[str, str] = field(default_factory=dict)

    def doubt(self, channels: int) -> str:
        """What speaks against this stop as the truth: AWS knows how many control channels are open; empty where nothing does."""
        session = self.verdicts.get("session", "")
        if session == "ok" and not channels:
            return f"{self.name}: no control channel is open at AWS"
        if "unknown" in session and channels:
            return f"{self.name}: a control channel is open at AWS"
        return ""


@dataclass(frozen=True)
class Judgement:
    """What a report said at a stop: its root causes, what it lacks, what it invents, and the verdicts that are wrong."""

    said: Tuple[str, ...]
    missing: Tuple[str, ...]
    invented: Tuple[str, ...]
    verdicts: Tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether nothing is to be said against it."""
        return not (self.missing or self.invented or self.verdicts)

    @property
    def objections(self) -> str:
        """What is wrong, in words; empty where nothing is."""
        parts = [f"missing {', '.join(self.missing)}"] if self.missing else []
        parts += [f"false {', '.join(self.invented)}"] if self.invented else []
        return "; ".join([*parts, *self.verdicts])


def roots(document: Mapping[str, Any]) -> FrozenSet[str]:
    """The codes of the errors of a report that are no symptom of another; a report of doctor tells what is so now."""
    rows = document.get("findings", ())
    return frozenset(row["code"] for row in rows if row["severity"] == "error" and not row.get("symptom_of"))


def judge(stop: Stop, document: Mapping[str, Any]) -> Judgement:
    """Compare a report (`doctor --json`) with what is so."""
    said = roots(document)
    missing = [code for code in stop.must if code not in said]
    if stop.any and not said.intersection(stop.any):
        missing.append(" or ".join(stop.any))
    told = document.get("capabilities", {})
    wrong = []
    for name, wanted in stop.verdicts.items():
        verdict = told.get(name, {}).get("verdict", "not told")
        if verdict not in wanted.split("|"):
            wrong.append(f"{name} {verdict}, not {wanted}")
    invented = said.difference(stop.must, stop.any, stop.may)
    return Judgement(tuple(sorted(said)), tuple(missing), tuple(sorted(invented)), tuple(wrong))
