"""What a group of nodes with one root cause is about, what they share and what to change, as a person says it."""

from __future__ import annotations

from typing import Optional

from ssm_bootstrap.catalog.findings import FINDINGS
from ssm_bootstrap.catalog.fleetsql import ATTRIBUTES, NONE
from ssm_bootstrap.model.findings import Side
from ssm_bootstrap.model.fleet import AttributeCounts, CauseCount, Share
from ssm_bootstrap.model.phrase import phrase
from ssm_bootstrap.render.counts import number
from ssm_bootstrap.render.language import _, say
from ssm_bootstrap.render.text import ON_SIDE

NAMED = {attribute.word: attribute.named for attribute in ATTRIBUTES}
"""How a person calls an attribute, by its word."""

_NAMED_MANY = {attribute.word: attribute.many for attribute in ATTRIBUTES}
_ON_SIDE = {
    Side.MACHINE.value: phrase("On each of them:"),
    Side.AWS.value: ON_SIDE[Side.AWS],
    Side.CLIENT.value: ON_SIDE[Side.CLIENT],
}
"""Where a change is made, by what reports call it; this machine is none of the nodes."""


def share_in_words(share: Optional[Share], cause: CauseCount, population: int) -> str:
    """What the nodes of a group have in common; where nothing sets them apart, how widely they are spread."""
    if share is None:
        return _spread(cause, population)
    named = say(NAMED[share.attribute])
    well, others = share.nodes - share.failing, population - share.nodes
    facts = {
        "count": number(cause.nodes),
        "failing": number(share.failing),
        "nodes": number(share.nodes),
        "well": number(well),
        "others": number(others),
        "where": f"{named} {', '.join(share.values)}",
    }
    is_all, is_whole = share.failing == cause.nodes, share.failing == share.nodes
    if is_all and is_whole:
        if others == 1:
            return _("all in {where}: every node there, and not the other one", **facts)
        return _("all in {where}: every node there, and none of the {others} others", **facts)
    if is_all:
        if others == 1:
            return _("all in {where}: {failing} of the {nodes} nodes there, and not the other one", **facts)
        return _("all in {where}: {failing} of the {nodes} nodes there, none of the {others} others", **facts)
    if is_whole:
        return _("{failing} of {count} in {where}: every node there", **facts)
    if well == 1:
        return _("{failing} of {count} in {where}, where 1 node is without it", **facts)
    return _("{failing} of {count} in {where}, where {well} nodes are without it", **facts)


def _spread(cause: CauseCount, population: int) -> str:
    if cause.nodes == 1:
        places = [f"{say(NAMED[one.attribute])} {one.values[0].value}" for one in cause.attributes if one.values]
        return ", ".join([*cause.examples[:1], *places[:1]])
    if cause.nodes == population:
        return _("every node has it")
    wide = [f"{number(one.values_in_all)} {_noun(one)}" for one in cause.attributes]
    return (
        _("nothing sets them apart from the other nodes: {spread}", spread=", ".join(wide[:3]))
        if wide
        else _("no place is known")
    )


def _noun(counts: AttributeCounts) -> str:
    return say(NAMED[counts.attribute] if counts.values_in_all == 1 else _NAMED_MANY[counts.attribute])


def subject_in_words(cause: CauseCount) -> str:
    """What a group is about; empty where that has no name, or the same for all."""
    if cause.subject or not cause.code or cause.subjects < 2:
        return cause.subject
    return _("{count} subjects", count=number(cause.subjects))


def code_in_words(cause: CauseCount) -> str:
    """The code of a group, or that no report names one."""
    return cause.code or _("no cause is named")


def change_in_words(cause: CauseCount) -> str:
    """On which side to change what, as the reports say it; the page of the code where none does."""
    if cause.change and cause.change != NONE:
        side = _ON_SIDE.get(cause.changed_on)
        return f"{say(side)} {cause.change}" if side else cause.change
    if cause.code in FINDINGS:
        return _("see ssm-bootstrap explain {code}", code=cause.code)
    return _("see the reports of {nodes}", nodes=", ".join(cause.examples[:3]))
