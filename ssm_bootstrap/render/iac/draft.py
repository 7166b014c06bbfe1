"""What is to be written as code: repairs with a heading and remarks, whatever the language, and what is left to its reader."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Callable, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ssm_bootstrap.catalog.cloud.consequences import consequence_of
from ssm_bootstrap.catalog.cloud.repairs import MARK, commands_of, replaced_by
from ssm_bootstrap.catalog.policies import ACCOUNT, IamPolicy, policy_of
from ssm_bootstrap.model.repair import Repair, SetEndpointPolicy
from ssm_bootstrap.render.shell import pasteable
from ssm_bootstrap.render.terminal import clean, wrapped

_WIDTH = 100
OWN_ACCOUNT = "<ACCOUNT>"
"""What stands in a repair for the account of whoever runs the code."""


@dataclass(frozen=True)
class Draft:
    """Repairs in single steps for a region; ``heading`` and ``remarks`` are comments before and after them."""

    region: str
    repairs: tuple[Repair, ...]
    heading: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class Parameter(NamedTuple):
    """Something that the reader gives: ``name`` as marks have it, its type as CloudFormation has it, and a default."""

    name: str
    about: str
    kind: str = "String"
    default: str = ""
    is_optional: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it is several."""
        return self.kind != "String" and "List" in self.kind

    @property
    def snake(self) -> str:
        """Its name in Terraform."""
        return self.name.lower().replace("-", "_")

    @property
    def camel(self) -> str:
        """Its name in CloudFormation."""
        return camel(self.name)


_PARAMETERS: Mapping[str, Parameter] = {
    row.name: row
    for row in (
        Parameter("VPC-ID", "the VPC of the nodes", "AWS::EC2::VPC::Id"),
        Parameter("SUBNET-IDS", "subnets for the endpoints, one an Availability Zone", "List<AWS::EC2::Subnet::Id>"),
        Parameter("ROUTE-TABLE-IDS", "the route tables of the subnets with nodes in them", "CommaDelimitedList"),
        Parameter("NODE-SECURITY-GROUP-ID", "the security group of the nodes; empty: one is made", is_optional=True),
        Parameter("ACTIVATION-ROLE", "the name of the role of hybrid nodes", default="SSMServiceRole"),
    )
}


def parameter(mark: str) -> Parameter:
    """The parameter that stands for a mark such as ``<VPC-ID>``."""
    found = MARK.fullmatch(mark)
    name = found[1] if found else mark
    return _PARAMETERS.get(name) or Parameter(name, name.lower().replace("-", " "))


class Sheet:
    """What is written so far in some language, and the parameters that it asks for, by name."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.parameters: dict[str, Parameter] = {}

    def id_of(self, value: str) -> Any:
        """An id in that language: of what is made here, of what the reader gives, or as it is."""
        raise NotImplementedError

    def ids_of(self, values: Sequence[str]) -> Any:
        """Several ids; a parameter that is a list stands for all of them."""
        if len(values) == 1 and MARK.fullmatch(values[0]) and parameter(values[0]).is_list:
            return self.id_of(values[0])
        return [self.id_of(value) for value in values]


def camel(*parts: str) -> str:
    """Words as one name of letters and digits alone, each word with a capital."""
    words = re.findall(r"[A-Za-z0-9]+", " ".join(parts))
    return "".join(part[:1].upper() + (part[1:].lower() if part.isupper() else part[1:]) for part in words)


def snake(*parts: str) -> str:
    """Words as one name of small letters, digits and low lines."""
    return "_".join(re.findall(r"[a-z0-9]+", " ".join(parts).lower()))


def service_of(service_name: str) -> str:
    """The short name in the name of an endpoint service."""
    return service_name.rpartition(".")[2]


def policy_document(policy: IamPolicy, region: str, account: str, own: str, wrapped: Callable[[str], Any] = str) -> Any:
    """A policy with the account in it; where that is whoever runs the code, ``own`` stands for it in ``wrapped`` texts."""
    if MARK.fullmatch(account) is None and account:
        return policy.for_account(region, account)

    def told(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: told(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [told(inner) for inner in value]
        return wrapped(value.replace(ACCOUNT, own)) if isinstance(value, str) and ACCOUNT in value else value

    return told(policy.make(region))


def is_own(account: str) -> bool:
    """Whether a repair is of the account of whoever runs the code, and not of one that is named."""
    return not account or MARK.fullmatch(account) is not None


def effects(repairs: Iterable[Repair]) -> Iterator[str]:
    """What these repairs do beside what they are made for, each once."""
    told = tuple(repairs)
    found = dict.fromkeys(filter(None, map(consequence_of, told)))
    if found:
        yield "Before you apply this:"
    yield from (f"- {one}." for one in found)
    yield from replaced(told)


def replaced(repairs: Iterable[Repair]) -> Iterator[str]:
    """The policies that these repairs replace whole, as they were read, so that nothing of them is lost."""
    for repair in repairs:
        present = replaced_by(repair)
        if present:
            owner = repair.endpoint_id if isinstance(repair, SetEndpointPolicy) else getattr(repair, "role", "")
            yield f"The policy of {owner} that is replaced, as it was read:"
            document = policy_of(present)
            yield from (f"    {line}" for line in (json.dumps(document, indent=2) if document else present).splitlines())


def by_hand(repair: Repair, region: str, language: str) -> Iterator[str]:
    """Comments on a repair that a language has nothing for: the commands of the AWS CLI."""
    about = next((command.about for command in commands_of(repair, region) if command.changes), "")
    yield f"Not in {language}, which cannot change this alone ({about}). By the AWS CLI:"
    yield from commands_in(repair, region)
    yield from replaced([repair])


def commands_in(repair: Repair, region: str) -> Iterator[str]:
    """The commands of a repair as lines of a comment."""
    for line in pasteable(commands_of(repair, region)):
        yield f"    {line}"


def commented(lines: Iterable[str]) -> str:
    """Lines as comments with a number sign, sentences wrapped; nothing in them can end a comment."""
    told = (clean(line) for line in lines)
    parts = (part for line in told for part in ((line,) if line.startswith("    ") else wrapped(line, _WIDTH)))
    return "".join(f"# {part}".rstrip() + "\n" for part in parts)
