"""Commands for the network team and the account's owner, shared by the rows: templates like every other text of a row.

What the instance cannot know stands in angle brackets, or is one of the facts that a finding may lack; ``$ROLE`` is set by
``ROLE_NAME``, which stands before. Endpoints are looked for in the whole account and not in the VPC alone: those of a shared
VPC serve by a private hosted zone. Sources: AWS CLI reference (ec2, ssm, iam, network-firewall, route53, route53resolver,
route53profiles, service-quotas, sts); JMESPath specification (``||``: an empty list is false).
"""

from __future__ import annotations

from dataclasses import replace

from ssm_bootstrap.catalog.commands import ABOUT_ACTIVATION, activation_in_files
from ssm_bootstrap.catalog.findingkind import change, look
from ssm_bootstrap.model.findings import ShellCommand

INSTANCE = look(
    "aws ec2 describe-instances --region {region} --instance-ids {instance_id} --query"
    " 'Reservations[].Instances[].[VpcId,SubnetId,Placement.AvailabilityZone,PrivateIpAddress,SecurityGroups[].GroupId]'",
    "where the instance is: VPC, subnet, Availability Zone, address, security groups",
)
METADATA_OPTIONS = look(
    "aws ec2 describe-instances --region {region} --instance-ids {instance_id}"
    " --query 'Reservations[].Instances[].MetadataOptions'",
    "the instance's metadata options",
)
ENABLE_METADATA = change(
    "aws ec2 modify-instance-metadata-options --region {region} --instance-id {instance_id} --http-endpoint enabled",
    "enable metadata, if something on the instance needs it: a hybrid node does not",
)
HOP_LIMIT = change(
    "aws ec2 modify-instance-metadata-options --region {region} --instance-id {instance_id} --http-put-response-hop-limit 2",
    "only if containers must ask it: this opens the credentials of the instance's role to them",
)
METADATA_IPV6 = change(
    "aws ec2 modify-instance-metadata-options --region {region} --instance-id {instance_id}"
    " --http-endpoint enabled --http-protocol-ipv6 enabled",
    "let the metadata service answer over IPv6",
)

_EMPTY = "an empty list means none in this account: a central VPC's are in its owner's account"
"""What an empty answer of a look for endpoints proves. Source: EC2 API Reference, DescribeVpcEndpoints (one's own account)."""
_NONE_OF_THE_NAME = "an empty list means none in this account by that name: a central VPC's are in its owner's"
"""The same of a look for services by name: those of FIPS end in -fips (AWS PrivateLink guide, aws-services)."""

ENDPOINT = look(
    "aws ec2 describe-vpc-endpoints --region {region} --filters 'Name=service-name,Values={service_patterns}' --query"
    " 'VpcEndpoints[].[VpcId,ServiceName,VpcEndpointId,State,PrivateDnsEnabled,IpAddressType,DnsOptions.DnsRecordIpType,"
    "SubnetIds,Groups[].GroupId]'",
    f"the endpoints: VPC, state, private DNS, address types, subnets, security groups; {_NONE_OF_THE_NAME}",
)
CREATE_ENDPOINT = change(
    "for name in {each_service_name}; do aws ec2 create-vpc-endpoint --region {region} --vpc-endpoint-type Interface"
    ' --vpc-id {vpc_id} --service-name "$name" --subnet-ids {subnet_id} --security-group-ids <ENDPOINT-SECURITY-GROUP-ID>'
    " --private-dns-enabled; done",
    is_main=True,
    about="create them, for the whole VPC: their group must first allow 443 in from the VPC's CIDR; both DNS attributes must be"
    " on",
)
ENABLE_PRIVATE_DNS = change(
    "aws ec2 modify-vpc-endpoint --region {region} --vpc-endpoint-id <ENDPOINT-ID> --private-dns-enabled",
    "or, if the endpoint exists, turn its private DNS on, after the same rule",
)
PRIVATE_DNS_OF_AN_ENDPOINT = replace(
    ENABLE_PRIVATE_DNS,
    about="if the endpoint exists, turn its private DNS on: for the whole VPC at once, so its group must first allow 443 in from"
    " the VPC's CIDR",
)
REMOVE_SUBNET = change(
    "aws ec2 modify-vpc-endpoint --region {region} --vpc-endpoint-id <ENDPOINT-ID> --remove-subnet-ids <ENDPOINT-SUBNET-ID>",
    "take that subnet off the endpoint, if another stays: open connections to its address are cut",
)
DUAL_STACK = change(
    "aws ec2 modify-vpc-endpoint --region {region} --vpc-endpoint-id <ENDPOINT-ID> --ip-address-type dualstack"
    " --dns-options DnsRecordIpType=dualstack",
    "make each of these endpoints dual-stack: its subnets must have IPv6 addresses",
)
S3_ENDPOINTS = look(
    "aws ec2 describe-vpc-endpoints --region {region} --filters 'Name=service-name,Values=*.s3' --query"
    " \"VpcEndpoints[?VpcEndpointType!='Gateway' || VpcId=='{vpc_id}'].[VpcId,VpcEndpointId,VpcEndpointType,State,IpAddressType,"
    'RouteTableIds,PrivateDnsEnabled,DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint,Groups[].GroupId]"',
    f"the gateway endpoint in this VPC, and interface endpoints; {_EMPTY}",
)
OTHER_S3_ENDPOINTS = look(
    "aws ec2 describe-vpc-endpoints --region {region} --filters 'Name=service-name,Values=*.s3express,*.s3-global.accesspoint'"
    " --query 'VpcEndpoints[].[VpcId,ServiceName,VpcEndpointId,VpcEndpointType,State,RouteTableIds,PrivateDnsEnabled]'",
    f"the endpoints for directory buckets and Multi-Region Access Points; {_EMPTY}",
)
S3_NAMES_INSIDE = change(
    "aws ec2 modify-vpc-endpoint --region {region} --vpc-endpoint-id <S3-INTERFACE-ENDPOINT-ID>"
    " --private-dns-enabled --dns-options PrivateDnsOnlyForInboundResolverEndpoint=false",
    "or have the private names of an S3 interface endpoint answer in the whole VPC: its group must first allow 443 and 80 in from"
    " the VPC's CIDR, and S3 traffic leaves a free gateway for it",
)
S3_DUAL_STACK = change(
    "aws ec2 modify-vpc-endpoint --region {region} --vpc-endpoint-id <S3-ENDPOINT-ID> --ip-address-type dualstack",
    "or make the S3 endpoint dual-stack: for IPv6, and for s3.dualstack names through an interface endpoint, all of whose subnets"
    " must have IPv6",
)
"""Source of both: EC2 API Reference, ModifyVpcEndpoint and DnsOptionsSpecification; Amazon S3 User Guide,
privatelink-interface-endpoints (2026-11)."""
CREATE_S3_GATEWAY = change(
    "aws ec2 create-vpc-endpoint --region {region} --vpc-endpoint-type Gateway --vpc-id {vpc_id}"
    " --service-name com.amazonaws.{region}.s3 --route-table-ids <ROUTE-TABLE-ID>",
    "create the gateway if there is none: cuts open S3 connections, for all subnets on a main table; ends aws:SourceIp matches",
)
"""Source: AWS PrivateLink guide, vpc-endpoints-s3, Considerations."""
ADD_ROUTE_TABLE = change(
    "aws ec2 modify-vpc-endpoint --region {region} --vpc-endpoint-id <S3-ENDPOINT-ID> --add-route-table-ids <ROUTE-TABLE-ID>",
    "or, if there is one, associate the subnet's route table with it: the same happens",
)
ENDPOINT_POLICY = look(
    "aws ec2 describe-vpc-endpoints --region {region} --filters 'Name=service-name,Values={service_patterns}'"
    " --query 'VpcEndpoints[].[VpcId,ServiceName,VpcEndpointId,PolicyDocument]' --output text",
    f"the endpoint policies; {_NONE_OF_THE_NAME}",
)
S3_ENDPOINT_POLICY = look(
    "aws ec2 describe-vpc-endpoints --region {region} --filters 'Name=service-name,Values=*.s3'"
    " --query 'VpcEndpoints[].[VpcId,VpcEndpointId,VpcEndpointType,PolicyDocument]' --output text",
    "the policies of the S3 endpoints",
)
PRESENT_ENDPOINT_POLICY = look(
    "aws ec2 describe-vpc-endpoints --region {region} --vpc-endpoint-ids <ENDPOINT-ID>"
    " --query 'VpcEndpoints[0].PolicyDocument' --output text | tee -a present-policy-<ENDPOINT-ID>.json",
    "the present policy of the endpoint, appended to a file: the default, which allows everything, needs no change",
)
SET_ENDPOINT_POLICY = change(
    "aws ec2 modify-vpc-endpoint --region {region} --vpc-endpoint-id <ENDPOINT-ID> --policy-document file://policy.json",
    "unless it is the default: replace the whole policy by policy.json, the present one with the statements of docs/policies.md"
    " added; what it lacks is denied to everybody who uses the endpoint",
)
"""Source: EC2 API Reference, ModifyVpcEndpoint (PolicyDocument replaces the policy that is attached)."""
ENDPOINT_INTERFACES = look(
    "aws ec2 describe-network-interfaces --region {region} --filters Name=addresses.private-ip-address,Values={addresses} --query"
    " 'NetworkInterfaces[].[NetworkInterfaceId,VpcId,SubnetId,AvailabilityZone,Description,Groups[].GroupId]'",
    f"what owns the address: VPC, subnet, Availability Zone, security groups; {_EMPTY}",
)
SECURITY_GROUPS = look(
    "aws ec2 describe-security-groups --region {region}"
    " --filters Name=group-id,Values={instance_security_group_ids},<ENDPOINT-SECURITY-GROUP-ID>"
    " --query 'SecurityGroups[].[GroupId,IpPermissions,IpPermissionsEgress]'",
    "the inbound and outbound rules of both security groups",
)
INSTANCE_SECURITY_GROUP = look(
    "aws ec2 describe-security-groups --region {region} --filters Name=group-id,Values={instance_security_group_ids}"
    " --query 'SecurityGroups[].[GroupId,IpPermissionsEgress]'",
    "the outbound rules of the instance's security groups",
)
ALLOW_ENDPOINT_INBOUND = change(
    "aws ec2 authorize-security-group-ingress --region {region} --group-id <ENDPOINT-SECURITY-GROUP-ID>"
    " --protocol tcp --port 443 --source-group {instance_security_group_id}",
    "allow the instance inbound at the endpoint; for an endpoint in another VPC, use --cidr in place of --source-group",
)
ALLOW_S3_ENDPOINT_INBOUND_HTTPS = replace(
    ALLOW_ENDPOINT_INBOUND,
    about="or, if S3 is reached through an interface endpoint, allow 443 in at that endpoint; in another VPC, with --cidr in"
    " place of --source-group",
)
ALLOW_S3_ENDPOINT_INBOUND_HTTP = replace(
    ALLOW_ENDPOINT_INBOUND,
    text=ALLOW_ENDPOINT_INBOUND.text.replace("--port 443", "--port 80"),
    about="or, if S3 is reached through an interface endpoint, allow 80 in at that endpoint; in another VPC, with --cidr in place"
    " of --source-group",
)
ALLOW_INSTANCE_OUTBOUND = change(
    "aws ec2 authorize-security-group-egress --region {region} --group-id {instance_security_group_id}"
    " --protocol tcp --port 443 --source-group <ENDPOINT-SECURITY-GROUP-ID>",
    "allow the instance outbound to the endpoint, if its own security group has no such rule",
)
NETWORK_ACL = look(
    "aws ec2 describe-network-acls --region {region} --filters Name=association.subnet-id,Values={subnet_id} --query"
    " 'NetworkAcls[].[NetworkAclId,Associations[].SubnetId,Entries[].[Egress,RuleNumber,RuleAction,Protocol,PortRange,"
    "IcmpTypeCode,CidrBlock,Ipv6CidrBlock]]'",
    "the entries of the subnet's network ACL: true is outbound; 32767 and 32768 are the final deny rules",
)
_ALLOW_IN_ACL = (
    "aws ec2 create-network-acl-entry --region {region} --network-acl-id <NETWORK-ACL-ID> --rule-number <RULE-NUMBER>"
    " --protocol tcp --rule-action allow --cidr-block <CIDR>"
)
ALLOW_OUT_OF_SUBNET = change(
    f"{_ALLOW_IN_ACL} --egress --port-range From=443,To=443",
    "if the network ACL denies it: allow 443 out, with a rule number below that of the entry that denies",
)
ALLOW_HTTP_OUT_OF_SUBNET = change(
    f"{_ALLOW_IN_ACL.replace('<RULE-NUMBER>', '<OTHER-RULE-NUMBER>')} --egress --port-range From=80,To=80",
    "and 80 out, for S3, with another such number",
)
ALLOW_BACK_INTO_SUBNET = change(
    f"{_ALLOW_IN_ACL} --ingress --port-range From=1024,To=65535",
    "and 1024-65535 in for the answers, with such a number too; for IPv6 the same with --ipv6-cidr-block and further numbers",
)
NETWORK_ACLS = replace(
    NETWORK_ACL,
    text=NETWORK_ACL.text.replace("{subnet_id}", "{subnet_id},<ENDPOINT-SUBNET-ID>"),
    about="the entries of both subnets' network ACLs: true is outbound; 32767 and 32768 are the final deny rules",
)
ROUTE_TABLE = look(
    "aws ec2 describe-route-tables --region {region} --filters Name=vpc-id,Values={vpc_id} --query"
    " \"(RouteTables[?Associations[?SubnetId=='{subnet_id}']] || RouteTables[?Associations[?Main]])[].[RouteTableId,Routes]\"",
    "the route table that applies to the subnet: its own, or else the VPC's main one",
)
S3_PREFIX_LIST = look(
    "aws ec2 describe-prefix-lists --region {region} --filters Name=prefix-list-name,Values=com.amazonaws.{region}.s3"
    " --query 'PrefixLists[].[PrefixListId,Cidrs]'",
    "S3's prefix list and its addresses",
)
_ALLOW_S3 = "aws ec2 authorize-security-group-egress --region {region} --group-id {instance_security_group_id} --ip-permissions"
ALLOW_S3_HTTP = change(
    f"{_ALLOW_S3} 'IpProtocol=tcp,FromPort=80,ToPort=80,PrefixListIds=[{{{{PrefixListId=<PREFIX-LIST-ID>}}}}]'",
    "allow the instance outbound to S3 on port 80",
)
ALLOW_S3_HTTPS = change(
    f"{_ALLOW_S3} 'IpProtocol=tcp,FromPort=443,ToPort=443,PrefixListIds=[{{{{PrefixListId=<PREFIX-LIST-ID>}}}}]'",
    "allow the instance outbound to S3 on port 443",
)
ALLOW_S3 = change(
    f"for port in 443 80; do {_ALLOW_S3}"
    ' "IpProtocol=tcp,FromPort=$port,ToPort=$port,PrefixListIds=[{{PrefixListId=<PREFIX-LIST-ID>}}]"; done',
    "allow the instance outbound to S3 on both ports; an existing rule is reported as a duplicate",
)

DNS_SUPPORT = look(
    "aws ec2 describe-vpc-attribute --region {region} --vpc-id {vpc_id} --attribute enableDnsSupport",
    "whether the VPC resolver is on",
)
DNS_ATTRIBUTES = look(
    "for name in enableDnsSupport enableDnsHostnames; do"
    ' aws ec2 describe-vpc-attribute --region {region} --vpc-id {vpc_id} --attribute "$name"; done',
    "the VPC's DNS attributes",
)
ENABLE_DNS_SUPPORT = change(
    "aws ec2 modify-vpc-attribute --region {region} --vpc-id {vpc_id} --enable-dns-support Value=true",
    "turn the VPC resolver on",
)
ENABLE_DNS = change(
    "for option in --enable-dns-support --enable-dns-hostnames; do"
    ' aws ec2 modify-vpc-attribute --region {region} --vpc-id {vpc_id} "$option" Value=true; done',
    "turn both on, if one is off: private DNS needs them",
)
DHCP_OPTIONS = look(
    "aws ec2 describe-dhcp-options --region {region} --dhcp-options-ids"
    " $(aws ec2 describe-vpcs --region {region} --vpc-ids {vpc_id} --query 'Vpcs[].DhcpOptionsId' --output text)"
    " --query 'DhcpOptions[].DhcpConfigurations[].[Key,Values[].Value]'",
    "the DNS servers that DHCP hands out",
)
RESOLVER_RULES = look(
    "aws route53resolver list-resolver-rule-associations --region {region} --filters Name=VPCId,Values={vpc_id}"
    " --query 'ResolverRuleAssociations[].[ResolverRuleId,Name,Status]'",
    "the Resolver rules associated with the VPC",
)
RESOLVER_TARGETS = look(
    "aws route53resolver list-resolver-rules --region {region} --query"
    " 'ResolverRules[].[Id,DomainName,RuleType,Status,TargetIps[].Ip]'",
    "the domains and targets of the account's Resolver rules",
)
HOSTED_ZONES = look(
    "aws route53 list-hosted-zones-by-vpc --region {region} --vpc-id {vpc_id} --vpc-region {region}"
    " --query 'HostedZoneSummaries[].[Name,HostedZoneId,Owner]'",
    "the private hosted zones associated with the VPC, including those of other accounts and of AWS's endpoints",
)
_PROFILES = "aws route53profiles list-profile-associations --region {region} --resource-id {vpc_id}"
DNS_PROFILES = look(
    f"{_PROFILES} --query 'ProfileAssociations[].[ProfileId,Name,Status]'",
    "the Route 53 Profiles of the VPC: their zones and rules do not appear in the commands above",
)
PROFILE_RESOURCES = look(
    f"for profile in $({_PROFILES} --query 'ProfileAssociations[].ProfileId' --output text); do"
    ' aws route53profiles list-profile-resource-associations --region {region} --profile-id "$profile"'
    " --query 'ProfileResourceAssociations[].[ProfileId,ResourceType,ResourceArn,Status]'; done",
    "what these Profiles bring: hosted zones, Resolver rules, DNS Firewall rule groups, endpoints",
)
ZONE_RECORDS = look(
    "aws route53 list-resource-record-sets --region {region} --hosted-zone-id <HOSTED-ZONE-ID>"
    " --query 'ResourceRecordSets[].[Name,Type,AliasTarget.DNSName,ResourceRecords[].Value]'",
    "the records of such a zone, in the account that owns it: which endpoint (vpce-) they lead to",
)
AUTHORIZE_ZONE = change(
    "aws route53 create-vpc-association-authorization --region {region} --hosted-zone-id <HOSTED-ZONE-ID>"
    " --vpc VPCRegion={region},VPCId={vpc_id} --query VPC",
    "for endpoints of a central VPC: if another account owns their private hosted zone, that account runs this first",
)
ASSOCIATE_ZONE = change(
    "aws route53 associate-vpc-with-hosted-zone --region {region} --hosted-zone-id <HOSTED-ZONE-ID>"
    " --vpc VPCRegion={region},VPCId={vpc_id}",
    "then the VPC's account associates the zone with this VPC",
)
ASSOCIATE_PROFILE = change(
    "aws route53profiles associate-profile --region {region} --name endpoints --profile-id <PROFILE-ID> --resource-id {vpc_id}",
    "or associate the Route 53 Profile that has the zone and is shared with this account; with --priority if the VPC has one",
)
"""Sources: Amazon Route 53 API Reference, AssociateVPCWithHostedZone and AssociateProfile (botocore 1.44.8, 2026-11)."""
SHARE_ENDPOINTS = (AUTHORIZE_ZONE, ASSOCIATE_ZONE, ASSOCIATE_PROFILE)
"""What lets this VPC use the endpoints of another."""
_RULE_GROUPS = (
    "aws route53resolver list-firewall-rule-group-associations --region {region} --vpc-id {vpc_id}"
    " --query 'FirewallRuleGroupAssociations[].FirewallRuleGroupId' --output text"
)
DNS_FIREWALL = look(
    f"for group in $({_RULE_GROUPS}); do"
    ' aws route53resolver list-firewall-rules --region {region} --firewall-rule-group-id "$group"'
    " --query 'FirewallRules[].[Name,Priority,Action,BlockResponse,BlockOverrideDomain,FirewallDomainListId]'; done",
    "the DNS Firewall rules of the VPC: the lowest priority decides; those of a Profile are in its resources",
)
DNS_FIREWALL_DOMAINS = look(
    "aws route53resolver list-firewall-domains --region {region} --firewall-domain-list-id <FIREWALL-DOMAIN-LIST-ID>",
    "the domains of the list that such a rule names; AWS's own lists cannot be read",
)
DNS_FIREWALL_FAILS = look(
    "aws route53resolver get-firewall-config --region {region} --resource-id {vpc_id} --query FirewallConfig",
    "whether queries pass while DNS Firewall does not answer: with FirewallFailOpen DISABLED they fail",
)
"""Sources: Route 53 Developer Guide, resolver-dns-firewall; Route 53 Resolver API Reference, FirewallConfig (2026-11)."""
NETWORK_FIREWALLS = look(
    "for firewall in $(aws network-firewall list-firewalls --region {region} --query 'Firewalls[].FirewallArn' --output text); do"
    ' aws network-firewall describe-firewall --region {region} --firewall-arn "$firewall"'
    " --query 'Firewall.[FirewallName,VpcId,SubnetMappings[].SubnetId,FirewallPolicyArn]'; done",
    "the account's network firewalls: VPC, subnets, policy; a central one is in its owner's account",
)
BLOCK_PUBLIC_ACCESS = look(
    "aws ec2 describe-vpc-block-public-access-options --region {region}"
    " --query 'VpcBlockPublicAccessOptions.[InternetGatewayBlockMode,ManagedBy,ExclusionsAllowed]';"
    " aws ec2 describe-vpc-block-public-access-exclusions --region {region}"
    " --query 'VpcBlockPublicAccessExclusions[].[ResourceArn,InternetGatewayExclusionMode,State]'",
    "VPC Block Public Access of this account and region, and the VPCs and subnets excluded from it",
)
"""Sources: AWS Network Firewall API Reference, DescribeFirewall; EC2 API Reference, VpcBlockPublicAccessOptions (2026-11)."""

ACTIVATION = look(
    "aws ssm describe-activations --region {region} --filters FilterKey=ActivationIds,FilterValues={activation_id}"
    " --query 'ActivationList[].[ActivationId,Expired,ExpirationDate,RegistrationLimit,RegistrationsCount,IamRole]'",
    "the activation: expired or not, expiry date, limit, use, role",
)
CREATE_ACTIVATION = change(
    "aws ssm create-activation --region {region} --iam-role <ACTIVATION-ROLE> --registration-limit 1",
    "create an activation, valid for 24 hours, or with --expiration-date for up to 30 days; give a role with a path as"
    " service-role/NAME",
)
CREATE_ACTIVATION_IN_FILES = change(activation_in_files("{region}", "<ACTIVATION-ROLE>", 1), ABOUT_ACTIVATION)
NODES_OF_ACTIVATION = look(
    "aws ssm describe-instance-information --region {region} --filters Key=ActivationIds,Values={activation_id}"
    " --query 'InstanceInformationList[].[InstanceId,RegistrationDate,PingStatus,ComputerName,IPAddress]' --output table",
    "the nodes registered with it",
)
NODE = look(
    "aws ssm describe-instance-information --region {region} --filters Key=InstanceIds,Values={mi}"
    " --query 'InstanceInformationList[].[InstanceId,PingStatus,LastPingDateTime,AgentVersion,IamRole,ComputerName]'",
    "what Systems Manager knows about the node",
)
LOST_NODES = look(
    "aws ssm describe-instance-information --region {region}"
    " --filters Key=ResourceType,Values=ManagedInstance Key=PingStatus,Values=ConnectionLost"
    " --query 'InstanceInformationList[].[InstanceId,LastPingDateTime,ComputerName]' --output table",
    "hybrid nodes that lost their connection",
)
DEREGISTER_ORPHAN = change(
    "aws ssm deregister-managed-instance --region {region} --instance-id <ORPHAN-MI-ID>",
    ("deregister the orphan, not a working node"),
)
DEREGISTER_GONE = change(
    "aws ssm deregister-managed-instance --region {region} --instance-id <GONE-MI-ID>", "deregister a node whose machine is gone"
)
DEREGISTER_OLD = change(
    "aws ssm deregister-managed-instance --region {region} --instance-id {mi}", "deregister the old node once the new one works"
)
ROLE_NAME = look(
    "ROLE=$(aws ssm describe-instance-information --region {region} --filters Key=InstanceIds,Values={mi}"
    " --query 'InstanceInformationList[].IamRole' --output text); ROLE=${{ROLE##*/}};"
    ' echo "${{ROLE:?Systems Manager lists no role of this node}}"',
    "the name of the node's role, without a path such as service-role/",
)
ROLE_TRUST = look(
    'aws iam get-role --region {region} --role-name "$ROLE" --query Role.AssumeRolePolicyDocument',
    "the role's trust policy: it must allow sts:AssumeRole to ssm.amazonaws.com, or in China to ssm.amazonaws.com.cn",
)
ROLE_POLICIES = look(
    'aws iam list-attached-role-policies --region {region} --role-name "$ROLE"'
    " --query 'AttachedPolicies[].[PolicyName,PolicyArn]'",
    "the managed policies attached to the role; `aws iam list-role-policies` lists inline ones",
)
ATTACH_CORE = change(
    'aws iam attach-role-policy --region {region} --role-name "$ROLE"'
    " --policy-arn arn:{partition}:iam::aws:policy/AmazonSSMManagedInstanceCore",
    "attach the policy that every node needs, if it is missing",
)
SET_ROLE_TRUST = change(
    'aws iam update-assume-role-policy --region {region} --role-name "$ROLE" --policy-document file://role-trust.json',
    "replace the whole trust policy, if it lacks that, by role-trust.json: the present one with that statement added",
)
ALLOW_ROLE_BUCKETS = change(
    'aws iam put-role-policy --region {region} --role-name "$ROLE" --policy-name ManagedNode-{region}'
    " --policy-document file://role-permissions.json",
    "let the role read these buckets, with the policy role-permissions saved as role-permissions.json",
)
CALLER_ACCOUNT = look("aws sts get-caller-identity --region {region} --query Account", "the account of these credentials")
QUOTAS = look(
    "aws service-quotas list-service-quotas --region {region} --service-code ssm"
    " --query 'Quotas[].[QuotaName,QuotaCode,Value,Adjustable]' --output table",
    "the account's Systems Manager quotas",
)
DEFAULT_QUOTAS = look(
    "aws service-quotas list-aws-default-service-quotas --region {region} --service-code ssm"
    " --query 'Quotas[].[QuotaName,QuotaCode,Value]' --output table",
    "the default of each, which holds where the account has no value of its own for it",
)
"""Source: Service Quotas API Reference, ListServiceQuotas (for some quotas only the default values are there; 2026-11)."""
REQUEST_QUOTA = change(
    "aws service-quotas request-service-quota-increase --region {region} --service-code ssm"
    " --quota-code {quota_code} --desired-value <DESIRED-VALUE>",
    "request a higher quota of managed nodes",
)

SESSION_PREFERENCES = look(
    "aws ssm get-document --region {region} --name SSM-SessionManagerRunShell --query Content --output text",
    "the session preferences of this region",
)
ROLE_TAGS = look(
    "aws iam list-role-tags --region {region} --role-name <ROLE-THAT-OPENS-THE-SESSION> --query 'Tags[].[Key,Value]'",
    "the tags of the role that opens the session: SSMSessionRunAs matters",
)
PACKAGE_VERSIONS = look(
    "aws ssm list-document-versions --region {region} --name <PACKAGE>"
    " --query 'DocumentVersions[].[DocumentVersion,VersionName,Status]'",
    "the versions of the package",
)
UPDATE_AGENT = change(
    "aws ssm send-command --region {region} --document-name AWS-UpdateSSMAgent --instance-ids {mi}",
    "update the agent",
)
NEWEST_AGENT = look(
    "aws s3 cp s3://amazon-ssm-{region}/latest/VERSION - --region {region} --no-sign-request",
    "the newest version available in this region",
)


def of_service(command: ShellCommand, *services: str) -> ShellCommand:
    """A command about endpoints, for these services whatever a finding is about."""
    patterns = ",".join(f"*.{service}" for service in services)
    return replace(command, text=command.text.replace("{service_patterns}", patterns))
