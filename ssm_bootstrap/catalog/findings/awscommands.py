"""Commands for the network team and the account's owner, shared by the rows: templates like every other text of a row.

``{vpc_id}`` and its like cannot be known on the instance and stay as they are. Source: AWS CLI reference, ec2 and ssm.
"""

from __future__ import annotations

INSTANCE = (
    "aws ec2 describe-instances --region {region} --instance-ids {instance_id}"
    " --query 'Reservations[].Instances[].[VpcId,SubnetId,PrivateIpAddress,SecurityGroups[].GroupId]'"
)
ENDPOINT = (
    "aws ec2 describe-vpc-endpoints --region {region}"
    " --filters Name=service-name,Values=com.amazonaws.{region}.{service} Name=vpc-id,Values={vpc_id}"
    " --query 'VpcEndpoints[].[VpcEndpointId,State,PrivateDnsEnabled,SubnetIds,Groups[].GroupId,NetworkInterfaceIds]'"
)
S3_ENDPOINTS = (
    "aws ec2 describe-vpc-endpoints --region {region}"
    " --filters Name=service-name,Values=com.amazonaws.{region}.s3 Name=vpc-id,Values={vpc_id}"
    " --query 'VpcEndpoints[].[VpcEndpointId,VpcEndpointType,State,RouteTableIds,PrivateDnsEnabled,Groups[].GroupId]'"
)
CREATE_ENDPOINT = (
    "aws ec2 create-vpc-endpoint --region {region} --vpc-endpoint-type Interface --vpc-id {vpc_id}"
    " --service-name com.amazonaws.{region}.{service} --subnet-ids {subnet_id}"
    " --security-group-ids <ENDPOINT-SECURITY-GROUP-ID> --private-dns-enabled"
)
CREATE_S3_GATEWAY = (
    "aws ec2 create-vpc-endpoint --region {region} --vpc-endpoint-type Gateway --vpc-id {vpc_id}"
    " --service-name com.amazonaws.{region}.s3 --route-table-ids <ROUTE-TABLE-ID>"
)
ENDPOINT_POLICY = (
    "aws ec2 describe-vpc-endpoints --region {region}"
    " --filters Name=service-name,Values=com.amazonaws.{region}.{service} Name=vpc-id,Values={vpc_id}"
    " --query 'VpcEndpoints[].[VpcEndpointId,PolicyDocument]' --output text"
)
S3_ENDPOINT_POLICY = (
    "aws ec2 describe-vpc-endpoints --region {region}"
    " --filters Name=service-name,Values=com.amazonaws.{region}.s3 Name=vpc-id,Values={vpc_id}"
    " --query 'VpcEndpoints[].[VpcEndpointId,PolicyDocument]' --output text"
)
ENDPOINT_INTERFACES = (
    "aws ec2 describe-network-interfaces --region {region} --filters Name=addresses.private-ip-address,Values={address}"
    " --query 'NetworkInterfaces[].[NetworkInterfaceId,SubnetId,AvailabilityZone,Description,Groups[].GroupId]'"
)
SECURITY_GROUPS = (
    "aws ec2 describe-security-groups --region {region}"
    " --group-ids <ENDPOINT-SECURITY-GROUP-ID> <INSTANCE-SECURITY-GROUP-ID>"
    " --query 'SecurityGroups[].[GroupId,IpPermissions,IpPermissionsEgress]'"
)
INSTANCE_SECURITY_GROUP = (
    "aws ec2 describe-security-groups --region {region} --group-ids <INSTANCE-SECURITY-GROUP-ID>"
    " --query 'SecurityGroups[].[GroupId,IpPermissionsEgress]'"
)
ALLOW_ENDPOINT_INBOUND = (
    "aws ec2 authorize-security-group-ingress --region {region} --group-id <ENDPOINT-SECURITY-GROUP-ID>"
    " --protocol tcp --port 443 --source-group <INSTANCE-SECURITY-GROUP-ID>"
)
NETWORK_ACL = (
    "aws ec2 describe-network-acls --region {region} --filters Name=association.subnet-id,Values={subnet_id}"
    " --query 'NetworkAcls[].Entries[].[Egress,RuleNumber,RuleAction,Protocol,PortRange,CidrBlock]'"
)
ROUTE_TABLE = (
    "aws ec2 describe-route-tables --region {region} --filters Name=association.subnet-id,Values={subnet_id}"
    " --query 'RouteTables[].[RouteTableId,Routes]'"
)
MAIN_ROUTE_TABLE = (
    "aws ec2 describe-route-tables --region {region}"
    " --filters Name=vpc-id,Values={vpc_id} Name=association.main,Values=true --query 'RouteTables[].[RouteTableId,Routes]'"
)
S3_PREFIX_LIST = (
    "aws ec2 describe-prefix-lists --region {region} --filters Name=prefix-list-name,Values=com.amazonaws.{region}.s3"
    " --query 'PrefixLists[].[PrefixListId,Cidrs]'"
)
ALLOW_S3_HTTP = (
    "aws ec2 authorize-security-group-egress --region {region} --group-id <INSTANCE-SECURITY-GROUP-ID>"
    " --ip-permissions 'IpProtocol=tcp,FromPort=80,ToPort=80,PrefixListIds=[{{PrefixListId=<PREFIX-LIST-ID>}}]'"
)
ALLOW_S3_HTTPS = (
    "aws ec2 authorize-security-group-egress --region {region} --group-id <INSTANCE-SECURITY-GROUP-ID>"
    " --ip-permissions 'IpProtocol=tcp,FromPort=443,ToPort=443,PrefixListIds=[{{PrefixListId=<PREFIX-LIST-ID>}}]'"
)
DNS_SUPPORT = "aws ec2 describe-vpc-attribute --region {region} --vpc-id {vpc_id} --attribute enableDnsSupport"
DNS_HOSTNAMES = "aws ec2 describe-vpc-attribute --region {region} --vpc-id {vpc_id} --attribute enableDnsHostnames"
DHCP_OPTIONS = (
    "aws ec2 describe-dhcp-options --region {region} --dhcp-options-ids"
    " $(aws ec2 describe-vpcs --region {region} --vpc-ids {vpc_id} --query 'Vpcs[].DhcpOptionsId' --output text)"
)
RESOLVER_RULES = "aws route53resolver list-resolver-rule-associations --region {region} --filters Name=VPCId,Values={vpc_id}"
HOSTED_ZONES = "aws route53 list-hosted-zones-by-vpc --vpc-id {vpc_id} --vpc-region {region}"
ACTIVATION = (
    "aws ssm describe-activations --region {region} --filters FilterKey=ActivationIds,FilterValues=<ACTIVATION-ID>"
    " --query 'ActivationList[].[ActivationId,Expired,ExpirationDate,RegistrationLimit,RegistrationsCount,IamRole]'"
)
CREATE_ACTIVATION = (
    "aws ssm create-activation --region {region} --iam-role <ACTIVATION-ROLE> --registration-limit 1"
    " --expiration-date <TIME-IN-UTC-WITHIN-30-DAYS> --default-instance-name <NAME>"
)
NODES_OF_ACTIVATION = (
    "aws ssm describe-instance-information --region {region} --filters Key=ActivationIds,Values=<ACTIVATION-ID>"
    " --query 'InstanceInformationList[].[InstanceId,RegistrationDate,PingStatus,ComputerName,IPAddress]' --output table"
)
NODE = (
    "aws ssm describe-instance-information --region {region} --filters Key=InstanceIds,Values={mi}"
    " --query 'InstanceInformationList[].[InstanceId,PingStatus,LastPingDateTime,AgentVersion,IamRole,ComputerName]'"
)
DEREGISTER_NODE = "aws ssm deregister-managed-instance --region {region} --instance-id <ORPHAN-MI-ID>"
ROLE_TRUST = "aws iam get-role --role-name <ACTIVATION-ROLE> --query Role.AssumeRolePolicyDocument"
ROLE_POLICIES = "aws iam list-attached-role-policies --role-name <ACTIVATION-ROLE>"
