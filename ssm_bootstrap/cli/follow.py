"""``explain --follow``: a line when an incident starts, a line when it ends, and nothing in between."""

from __future__ import annotations

import argparse
import json
from datetime import datetime, timedelta
from functools import partial
from typing import Iterable, Iterator, Optional, Union

from ssm_bootstrap.cli.log_search import Search
from ssm_bootstrap.cli.output import print_text
from ssm_bootstrap.cli.streams import has_reader
from ssm_bootstrap.collect.logs.fold import SPELL_GAP
from ssm_bootstrap.collect.logs.read import Followed
from ssm_bootstrap.collect.logs.seelog import log_paths, read_log_settings
from ssm_bootstrap.diagnose.logs.endings import PAUSE
from ssm_bootstrap.diagnose.logs.explain import explain_logs
from ssm_bootstrap.host.checkedfiles import open_unled
from ssm_bootstrap.host.clock import Clock
from ssm_bootstrap.host.files import Files, open_regular
from ssm_bootstrap.host.secrets import Secrets
from ssm_bootstrap.host.tail import Tail
from ssm_bootstrap.model.codec import changed_value
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.model.site import NO_SITE
from ssm_bootstrap.model.timeline import EndedBy, Incident
from ssm_bootstrap.render.story import ended, incident_document, started
from ssm_bootstrap.render.terminal import clean

LOOK_EVERY = 1.0
"""Seconds between two looks at the files."""

SETTLED = timedelta(minutes=SPELL_GAP)
"""How long a good sign must stand before an incident is said to be over: failures closer together are one spell."""

Key = tuple[str, str, Optional[datetime]]
Event = tuple[str, Incident]


class Watch:
    """Tells starts and ends apart from what goes on: fed with all incidents again and again, it gives what is new."""

    def __init__(self) -> None:
        self._going: dict[Key, Incident] = {}

    def events(self, incidents: Iterable[Incident], now: datetime) -> Iterator[Event]:
        """("started" or "ended", incident); an incident is over by silence too, measured against ``now``."""
        current = {(item.code, item.subject, item.start): item for item in incidents}
        for key, known in list(self._going.items()):
            item = current.get(key, known)
            if not _goes_on(item, now):
                del self._going[key]
                yield "ended", item
            else:
                self._going[key] = item
        for key, item in current.items():
            if key not in self._going and _goes_on(item, now):
                self._going[key] = item
                yield "started", item


def _goes_on(item: Incident, now: datetime) -> bool:
    if item.ending is not None and item.ending.by is EndedBy.GOOD_SIGN and item.ending.at is not None:
        return now - item.ending.at < SETTLED
    return item.goes_on and item.last is not None and now - item.last <= PAUSE


def follow(search: Search, arguments: argparse.Namespace, secrets: Secrets, clock: Clock) -> int:
    """Follow until interrupted (then entry gives 130), or nobody reads any more."""
    paths = _paths(search)
    opened = open_regular if search.files else partial(open_unled, "/")
    followed = Followed([Tail(path, opened=opened) for path in paths], search.zone)
    watch = Watch()
    told: Union[datetime, None] = None
    while True:
        added = followed.take()
        now = clock.now()
        if added or told is None or now - told > timedelta(minutes=1):
            told = now
            found = explain_logs(changed_value(followed.digest(), secrets.masked), NO_SITE, region=arguments.region)
            for event, incident in watch.events(found.incidents, now):
                _print(event, incident, arguments.json, secrets)
        if not has_reader():
            return int(ExitStatus.OK)
        clock.sleep(LOOK_EVERY)


def _paths(search: Search) -> tuple[str, ...]:
    """The newest file of each log: what is being written."""
    if search.files:
        named = tuple(dict.fromkeys(source.path for source in search.sources() if not _is_archive(source.path)))
        for path in named:
            if Files().kind(path) == "something else":
                raise Refusal(ExitStatus.BAD_CONTENT, phrase("explain: {path}: expected a regular file with --follow", path=path))
        return named
    files = Files()
    own = [path for path in log_paths(files, read_log_settings(files)) if not _is_archive(path)]
    if not own:
        raise Refusal(ExitStatus.BAD_CONTENT, "explain: /var/log/amazon/ssm: expected the agent's logs; there are none")
    return tuple(own)


def _is_archive(path: str) -> bool:
    return path.endswith(".gz") or path.rpartition(".")[2].isdigit()


def _print(event: str, incident: Incident, as_json: bool, secrets: Secrets) -> None:
    """One line; with --json one object per line."""
    if as_json:
        line = json.dumps({"event": event, **incident_document(incident)})
    else:
        line = clean(started(incident) if event == "started" else ended(incident))
    print_text(line + "\n", secrets)
