"""The coverage-guided fuzzer of the log explainer: `python -m tests.fuzz.explain [libFuzzer flags] [corpus]`.

Every input is read by both ways of the reader, as a log, as the journal and as a patch log, and explained; whatever is raised,
whatever differs between the ways, and whatever takes longer than libFuzzer's -timeout is a find.
"""

from __future__ import annotations

import sys
from datetime import timezone
from pathlib import Path

INPUTS = Path(__file__).parent / "inputs"
"""What was found before, and what the formats look like; each is read again by the tests."""

MOST = 64 * 1024


def check(data: bytes) -> None:
    """Raise AssertionError, or whatever the explainer raises, where an input is not dealt with."""
    from ssm_bootstrap.collect.logs.fold import Fold
    from ssm_bootstrap.collect.logs.read import read_stream
    from ssm_bootstrap.collect.logs.records import LogReader
    from ssm_bootstrap.diagnose.logs.explain import explain_logs
    from ssm_bootstrap.model.logs import Level
    from ssm_bootstrap.model.site import NO_SITE
    from ssm_bootstrap.render.story import in_words, incident_document

    class Slowly(LogReader):
        def _is_plain(self, data: bytes) -> bool:
            return False

    data = data[:MOST]
    told = []
    for kind in (LogReader, Slowly):
        fold = Fold()
        reader = kind("x.log", fold)
        reader.read([data])
        told.append((fold.told(timezone.utc), reader.log_file()))
    assert told[0] == told[1], "the quick way and the slow one differ"
    for name in ("x.log", "patch-baseline-operations/x.log", "amazon-ssm-agent-audit-2026-11-23"):
        digest = read_stream([data], name, timezone.utc)
        found = explain_logs(digest, NO_SITE)
        loud = sum(group.count for group in digest.groups if group.sample.level in (Level.WARN, Level.ERROR, Level.CRITICAL))
        assert sum(found.records) >= loud, "a record was lost"
        for incident in found.incidents:
            in_words(incident)
            incident_document(incident)
            assert incident.start is None or incident.last is None or incident.start <= incident.last


def main() -> None:
    """Run libFuzzer over the explainer, its coverage measured in this package."""
    import atheris

    with atheris.instrument_imports(include=["ssm_bootstrap"]):
        import ssm_bootstrap.collect.logs.read
        import ssm_bootstrap.diagnose.logs.explain
        import ssm_bootstrap.render.story  # noqa: F401
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
