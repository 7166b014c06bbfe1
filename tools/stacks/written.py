"""The files of deploy/ that are generated: blocks in CloudFormation's templates, and whole files beside Terraform's modules."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Mapping

import yaml

from ssm_bootstrap.catalog.policies import ACCOUNT
from tools.stacks.parts import ROOT, endpoint_document, endpoint_regions, placed, role_regions, s3_document, user_data

CLOUDFORMATION, TERRAFORM, SOURCE = "deploy/cloudformation", "deploy/terraform", "deploy/cleanup/index.py"
ENDPOINTS = ("ssm", "ssmmessages", "ec2messages")
BLOCK = re.compile(r"^( *)# generated: ([a-z0-9-]+) \(make deploy\)\n.*?^ *# end of generated\n", re.DOTALL | re.MULTILINE)
IN_CLOUDFORMATION = {
    "bucket": "${BundleBucket}",
    "key": "${BundleKey}",
    "region": "${AWS::Region}",
    "domain": "${AWS::URLSuffix}",
    "sha256": "${BundleSha256}",
    "kind": "${Kind}",
    "parameter": "${ParameterName}",
    "spread": "${Spread}",
    "needs": "${Needs}",
}
"""The inputs of user-data as Fn::Sub has them."""
IN_TERRAFORM = {name: f"${{{name}}}" for name in IN_CLOUDFORMATION if name != "needs"}


def files() -> Dict[str, str]:
    """Every generated file, by its name below the root, with the text that it has to have."""
    found = {}
    for path in sorted((ROOT / CLOUDFORMATION).glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if BLOCK.search(text):
            found[f"{CLOUDFORMATION}/{path.name}"] = BLOCK.sub(_block, text)
    account = "${account}"
    network = f"{TERRAFORM}/network"
    found[f"{network}/regions.json"] = _json(endpoint_regions())
    for service in ENDPOINTS:
        found[f"{network}/endpoint-{service}.json.tftpl"] = _json(endpoint_document(service)).replace(ACCOUNT, account)
    whole = _json(s3_document("@open@", "@own@")).replace(ACCOUNT, account)
    for name in ("open", "own"):
        whole = whole.replace(f'"@{name}@"', f"${{jsonencode({name})}}")
    found[f"{network}/endpoint-s3.json.tftpl"] = whole
    found[f"{TERRAFORM}/roles/regions.json"] = _json(role_regions())
    found[f"{TERRAFORM}/nodes/user-data.yaml.tftpl"] = _user_data_in_terraform()
    return found


def _block(found: re.Match[str]) -> str:
    margin, name = found[1], found[2]
    lines = "".join(f"{margin}{line}".rstrip() + "\n" for line in _text(name).splitlines())
    return f"{margin}# generated: {name} (make deploy)\n{lines}{margin}# end of generated\n"


def _text(name: str) -> str:
    if name == "endpoint-regions":
        return _mapping(endpoint_regions())
    if name == "role-regions":
        return _mapping(role_regions())
    if name == "user-data":
        return _user_data_in_cloudformation()
    if name == "cleanup":
        return f"ZipFile: |\n{_indented((ROOT / SOURCE).read_text(encoding='utf-8'), 2)}"
    if name == "endpoint-s3":
        region: Mapping[str, Any] = {"Ref": "AWS::Region"}
        return _yaml(s3_document(*({"Fn::FindInMap": ["Regions", region, name]} for name in ("Open", "Own"))))
    return _yaml(endpoint_document(name.partition("-")[2]))


def _user_data_in_cloudformation() -> str:
    escaped = {"${": "${!"}
    text, needs = user_data()
    lines = [
        f"        - Fn::Sub: {json.dumps(placed(needs[kind], escaped, IN_CLOUDFORMATION))}\n" for kind in ("secret", "parameter")
    ]
    choice = "    - Needs:\n        Fn::If:\n        - IsSecret\n" + "".join(lines)
    return f"Fn::Base64:\n  Fn::Sub:\n    - |\n{_indented(placed(text, escaped, IN_CLOUDFORMATION), 6)}{choice}"


def _user_data_in_terraform() -> str:
    escaped = {"${": "$${", "%{": "%%{"}
    text, needs = user_data()
    of_kind = {kind: placed(line, escaped, IN_TERRAFORM) for kind, line in needs.items()}
    choice = f'%{{ if kind == "secret" }}{of_kind["secret"]}%{{ else }}{of_kind["parameter"]}%{{ endif }}'
    return placed(text, escaped, {**IN_TERRAFORM, "needs": choice})


def _indented(text: str, width: int) -> str:
    return "".join(f"{' ' * width}{line}\n" if line else "\n" for line in text.splitlines())


def _yaml(document: Any) -> str:
    """Block style; the account is the one that the stack is made in."""
    text = yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False, width=1000)  # CloudFormation takes no aliases
    return text.replace(f"'{ACCOUNT}'", '!Ref "AWS::AccountId"')


def _mapping(regions: Mapping[str, Mapping[str, Any]]) -> str:
    """A region's values a line each, lists in brackets."""
    lines = ["Regions:"]
    for region, row in regions.items():
        lines.append(f"  {region}:")
        lines += [f"    {key}: {json.dumps(value)}" for key, value in row.items()]
    return "\n".join(lines) + "\n"


def _json(document: Any) -> str:
    return json.dumps(document, indent=2) + "\n"
