"""What a patch run asks S3 for beside its repositories: the payload, the snapshot, each with its own bucket's policy."""

from __future__ import annotations

import ssl
from dataclasses import replace
from typing import Callable, Optional, Sequence

from ssm_bootstrap.catalog.patchobjects import PatchObject, patch_objects
from ssm_bootstrap.collect.probe import Wanted
from ssm_bootstrap.collect.repositories.asking import Asking, Question
from ssm_bootstrap.collect.repositories.overrides import Overrides
from ssm_bootstrap.collect.repositories.places import Place
from ssm_bootstrap.collect.repositories.surroundings import choice_of
from ssm_bootstrap.collect.targets import ProxySettings
from ssm_bootstrap.collect.trust import trust_of
from ssm_bootstrap.host import Host
from ssm_bootstrap.model.repositories import Fetch
from ssm_bootstrap.model.site import NO_SITE


def ask_for_objects(
    host: Host, region: str, proxies: ProxySettings, overrides: Optional[Overrides] = None, *, dual_stack: bool = False
) -> tuple[Fetch, ...]:
    """One fetch an object, as the document's curl makes it: unsigned, by the proxy of the agent's unit."""
    site = overrides.site if overrides is not None else NO_SITE
    objects = [_overridden(item, overrides, region) for item in patch_objects(region, site, dual_stack=dual_stack)]
    objects = list({(item.host, item.path): item for item in objects}.values())
    questions = [_question(item, proxies) for item in objects]
    contexts: list[ssl.SSLContext] = []

    def trusting(question: Question) -> Callable[[], ssl.SSLContext]:
        def context() -> ssl.SSLContext:
            if not contexts:
                contexts.append(host.network.trusting(trust_of(host.files, host.environment)))
            return contexts[0]

        return context

    replies = Asking(host, questions, trusting).ask()
    found = []
    for item, question, reply in zip(objects, questions, replies):
        found.append(Fetch(question.place.shown, item.name, reply.outcome, reply.detail, reply.probe, item.exists))
    return tuple(found)


def _question(item: PatchObject, proxies: ProxySettings) -> Question:
    place = Place("https", item.host, 443, item.path, item.path)
    choice = choice_of(proxies.url_for(item.host, 443), proxies.source)
    return Question(item.name, place, choice, known=item.exists, may_be_gone=not item.exists)


def _overridden(item: PatchObject, overrides: Optional[Overrides], region: str) -> PatchObject:
    for bucket in overrides.buckets if overrides is not None else ():
        if bucket.name == item.name:
            host = bucket.host.replace("{region}", region)
            return replace(item, host=host, path=bucket.path.replace("{region}", region) or item.path)
    return item


def override_targets(wanted: Sequence[Wanted], overrides: Overrides, region: str) -> tuple[Wanted, ...]:
    """The catalogue's rows with the host and the object that a site's own files name for them."""
    by_name = {bucket.name: bucket for bucket in overrides.buckets}
    found = []
    for row, target, credentials in wanted:
        bucket = by_name.get(row.name)
        if bucket is not None:
            row = replace(row, path=bucket.path or row.path)
            target = replace(target, host=bucket.host.replace("{region}", region), overridden_by=bucket.source)
        found.append((row, target, credentials))
    return tuple(found)
