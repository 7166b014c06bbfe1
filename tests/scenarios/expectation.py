"""What must be said of a scenario, and where a diagnosis says something else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.cli.flags import CAPABILITIES
from ssm_bootstrap.model.capability import CapabilityVerdict
from ssm_bootstrap.model.findings import Diagnosis, Finding, Severity, State

KEYS = ("verdicts", "first", "errors", "warnings", "symptoms", "past", "confirmed", "remarks", "unseen", "unexplained")


@dataclass(frozen=True)
class Expectation:
    """What design.md wants said.

    ``verdicts``: capability to its word and its root cause; ``a+b`` are causes that know nothing of one another, either of
    which may stand first. ``first``: what the report begins with. ``errors`` and ``warnings``: causes of that severity, and no
    others. ``symptoms``: code to the code of its cause; others may be told where their cause is expected. ``past``: told by a log
    and no fault now. ``confirmed``: code to who says the same. ``remarks``: information that must be there. ``unseen``: words
    of each thing that could not be looked at. ``unexplained``: how many shapes of errors nobody knows.
    """

    verdicts: Mapping[str, Tuple[str, Tuple[str, ...]]]
    first: str = ""
    errors: Tuple[str, ...] = ()
    warnings: Tuple[str, ...] = ()
    symptoms: Mapping[str, str] = field(default_factory=dict)
    past: Tuple[str, ...] = ()
    confirmed: Mapping[str, str] = field(default_factory=dict)
    remarks: Tuple[str, ...] = ()
    unseen: Tuple[str, ...] = ()
    unexplained: int = 0

    @property
    def causes(self) -> Tuple[str, ...]:
        """Every root cause at error or warning."""
        return (*self.errors, *self.warnings)

    @property
    def is_healthy(self) -> bool:
        """True where nothing may be red or yellow."""
        return not self.causes


def read_expectation(said: Mapping[str, Any]) -> Expectation:
    """The expectation of a scenario.json; raises ValueError for a key, code or capability that there is not."""
    unknown = set(said) - set(KEYS)
    if unknown:
        raise ValueError(f"expect: unknown key {sorted(unknown)[0]!r}; expected {', '.join(KEYS)}")
    told: Dict[str, str] = said.get("verdicts", {})
    strange = set(told) - {*CAPABILITIES, "*"}
    if strange:
        raise ValueError(f"expect: {sorted(strange)[0]!r} is no capability")
    verdicts = {}
    for name in CAPABILITIES:
        word, _, codes = told.get(name, told.get("*", "ok")).partition(" ")
        verdicts[name] = (word, tuple(codes.split("+")) if codes else ())
    lists = {key: tuple(said.get(key, ())) for key in ("errors", "warnings", "past", "remarks", "unseen")}
    tables = {key: dict(said.get(key, {})) for key in ("symptoms", "confirmed")}
    found = Expectation(verdicts, said.get("first", ""), unexplained=said.get("unexplained", 0), **lists, **tables)  # type: ignore[arg-type]
    told_codes = {code for _, causes in verdicts.values() for code in causes}
    told_codes |= {*found.causes, *found.past, *found.remarks, *found.symptoms, *found.symptoms.values(), *found.confirmed}
    told_codes |= {found.first} - {""}
    missing = sorted(told_codes - set(FINDINGS))
    if missing:
        raise ValueError(f"expect: {missing[0]!r} is no finding's code")
    return found


def is_right(wanted: Tuple[str, Tuple[str, ...]], said: CapabilityVerdict) -> bool:
    """Whether a verdict is the expected one, every expected cause is there, and one of them stands first."""
    word, causes = wanted
    return said.verdict.value == word and (not causes or (set(causes) <= set(said.because) and said.because[0] in causes))


def causes_said(diagnosis: Diagnosis, severity: Severity) -> Tuple[str, ...]:
    """The codes of a severity that are nobody's symptom, each once."""
    return tuple(dict.fromkeys(one.code for one in diagnosis.causes if one.severity is severity))


def disagreements(expected: Expectation, diagnosis: Diagnosis, capabilities: Sequence[str] = CAPABILITIES) -> List[str]:
    """Everything that is said otherwise than expected, one line each."""
    return [*_verdicts(expected, diagnosis, capabilities), *_codes(expected, diagnosis), *_rest(expected, diagnosis)]


def _verdicts(expected: Expectation, diagnosis: Diagnosis, capabilities: Sequence[str]) -> Iterator[str]:
    said = {item.capability.value: item for item in diagnosis.capabilities}
    for name in capabilities:
        word, causes = expected.verdicts[name]
        told = said.get(name)
        if told is None:
            yield f"{name}: no verdict, expected {_words(word, causes)}"
        elif not is_right((word, causes), told):
            yield f"{name}: said {_words(told.verdict.value, told.because)}, expected {_words(word, '+'.join(causes))}"


def _codes(expected: Expectation, diagnosis: Diagnosis) -> Iterator[str]:
    for severity, wanted in ((Severity.ERROR, expected.errors), (Severity.WARNING, expected.warnings)):
        said = causes_said(diagnosis, severity)
        if set(said) != set(wanted):
            yield f"{severity.value}s: said {_words(*said)}, expected {_words(*wanted)}"
    first = next((one.code for one in diagnosis.causes if one.severity is not Severity.INFO), "-")
    if expected.first and first != expected.first:
        yield f"first: said {first}, expected {expected.first}"
    grave = [one for one in diagnosis.findings if one.severity is not Severity.INFO]
    for code, cause in expected.symptoms.items():
        if not any(one.code == code and one.symptom_of == cause for one in grave):
            yield f"symptoms: {code} is not told as a symptom of {cause}"
    explained = {*expected.causes, *expected.symptoms}
    for one in grave:
        if one.symptom_of and one.symptom_of not in explained:
            yield f"symptoms: {one.code} is put down to {one.symptom_of}, which nobody expects"


def _rest(expected: Expectation, diagnosis: Diagnosis) -> Iterator[str]:
    past = {one.code for one in diagnosis.history}
    for code in expected.past:
        if code not in past:
            yield f"past: {code} is not told as a thing of the past"
    for code in expected.remarks:
        if not any(one.code == code and one.severity is Severity.INFO for one in diagnosis.findings):
            yield f"remarks: {code} is not told"
    for code, who in expected.confirmed.items():
        if not any(one.code == code and who in one.confirmed_by for one in diagnosis.findings):
            yield f"confirmed: {code} is not confirmed by {who}"
    unseen = [f"{subject}: {reason}" for subject, reason in diagnosis.unseen]
    for words in expected.unseen:
        if not any(words in line for line in unseen):
            yield f"unseen: nothing says {words!r}"
    for line in unseen:
        if not any(words in line for words in expected.unseen):
            yield f"unseen: said {line!r}, which nobody expects"
    if len(diagnosis.unexplained) != expected.unexplained:
        shapes = "; ".join(item.template[:120] for item in diagnosis.unexplained)
        yield f"unexplained: said {len(diagnosis.unexplained)}, expected {expected.unexplained}: {shapes}"
    for check, error in diagnosis.crashed:
        yield f"crashed: {check}: {error}"


def _words(first: Any = "-", *rest: Any) -> str:
    words: List[str] = []
    for item in (first, *rest):
        words.extend([item] if isinstance(item, str) else item)
    return " ".join(words)


def of_network(findings: Sequence[Finding]) -> frozenset[tuple[str, str]]:
    """What the probes alone tell, as (code, subject): the same for root and for anybody."""
    return frozenset(
        (one.code, one.subject) for one in findings if one.state is State.NOW and any(e.source == "probe" for e in one.evidence)
    )
