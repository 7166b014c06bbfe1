# A VPC without internet access in which hybrid nodes of AWS Systems Manager work, or its endpoints alone in a VPC that is there
# already. It agrees with `ssm-bootstrap requirements`. regions.json and the policies are generated (make deploy).

data "aws_caller_identity" "current" {}

data "aws_availability_zones" "all" {
  state = "available"
}

data "aws_ec2_managed_prefix_list" "s3" {
  name = "com.amazonaws.${var.region}.s3"
}

locals {
  regions   = jsondecode(file("${path.module}/regions.json"))
  of_region = local.regions[var.region]
  account   = data.aws_caller_identity.current.account_id
  is_new    = var.vpc_id == ""

  vpc_id          = local.is_new ? aws_vpc.this[0].id : var.vpc_id
  subnet_ids      = local.is_new ? aws_subnet.this[*].id : var.subnet_ids
  route_table_ids = local.is_new ? aws_route_table.this[*].id : var.route_table_ids
  node_group_id   = var.node_security_group_id == "" ? aws_security_group.node[0].id : var.node_security_group_id

  endpoint_group_id = var.endpoint_security_group_id == "" ? aws_security_group.endpoints[0].id : var.endpoint_security_group_id
  s3_endpoint_id    = var.s3_endpoint_id == "" ? aws_vpc_endpoint.s3[0].id : var.s3_endpoint_id

  messages = var.ec2messages && local.of_region["Ec2messages"] == "yes" ? ["ec2messages"] : []
  needed   = setsubtract(concat(["ssm", "ssmmessages"], local.messages), var.existing_services)

  actions_of_more = {
    kms            = ["kms:Decrypt", "kms:GenerateDataKey"]
    logs           = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    secretsmanager = ["secretsmanager:GetSecretValue"]
  }

  policies = merge(
    { for name in local.needed : name => templatefile("${path.module}/endpoint-${name}.json.tftpl", { account = local.account }) },
    { for name in var.more_services : name => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "CallersOfTheAccount"
        Effect    = "Allow"
        Principal = "*"
        Action    = local.actions_of_more[name]
        Resource  = "*"
        Condition = { StringEquals = { "aws:PrincipalAccount" = local.account } }
      }]
    }) },
  )
}

resource "aws_vpc" "this" {
  count = local.is_new ? 1 : 0

  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = var.name }
}

# The group that every VPC begins with lets everything through: it is left without a rule.
resource "aws_default_security_group" "this" {
  count = local.is_new ? 1 : 0

  vpc_id = aws_vpc.this[0].id
}

resource "aws_subnet" "this" {
  count = local.is_new ? var.subnet_count : 0

  vpc_id            = aws_vpc.this[0].id
  cidr_block        = cidrsubnet(var.vpc_cidr, 6, count.index)
  availability_zone = data.aws_availability_zones.all.names[count.index]
  tags              = { Name = "${var.name}-${count.index + 1}" }

  # A zone that AWS adds must not move the subnets that are there.
  lifecycle {
    ignore_changes = [availability_zone]
  }
}

resource "aws_route_table" "this" {
  count = local.is_new ? 1 : 0

  vpc_id = aws_vpc.this[0].id
  tags   = { Name = var.name }
}

resource "aws_route_table_association" "this" {
  count = local.is_new ? var.subnet_count : 0

  route_table_id = aws_route_table.this[0].id
  subnet_id      = aws_subnet.this[count.index].id
}

resource "aws_security_group" "endpoints" {
  count = var.endpoint_security_group_id == "" ? 1 : 0

  name        = "${var.name}-endpoints"
  description = "ssm-bootstrap: endpoints of Systems Manager"
  vpc_id      = local.vpc_id
}

# Those of before stood without a number.
moved {
  from = aws_security_group.endpoints
  to   = aws_security_group.endpoints[0]
}

moved {
  from = aws_vpc_endpoint.s3
  to   = aws_vpc_endpoint.s3[0]
}

resource "aws_security_group" "node" {
  count = var.node_security_group_id == "" ? 1 : 0

  name        = "${var.name}-nodes"
  description = "ssm-bootstrap: nodes of Systems Manager"
  vpc_id      = local.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_nodes" {
  security_group_id            = local.endpoint_group_id
  description                  = "The nodes"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = local.node_group_id
}

resource "aws_vpc_security_group_egress_rule" "nodes_to_endpoints" {
  security_group_id            = local.node_group_id
  description                  = "The endpoints of Systems Manager"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = local.endpoint_group_id
}

# 80 for package repositories over HTTP, as those of Amazon Linux 2.
resource "aws_vpc_security_group_egress_rule" "nodes_to_s3" {
  for_each = toset(["443", "80"])

  security_group_id = local.node_group_id
  description       = "S3"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.value)
  to_port           = tonumber(each.value)
  prefix_list_id    = data.aws_ec2_managed_prefix_list.s3.id
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.policies

  vpc_id              = local.vpc_id
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = local.subnet_ids
  security_group_ids  = [local.endpoint_group_id]
  policy              = each.value
  tags                = { Name = "${var.name}-${each.key}" }

  lifecycle {
    precondition {
      condition     = local.is_new || (length(var.subnet_ids) > 0 && length(var.route_table_ids) > 0)
      error_message = "With vpc_id: expected subnet_ids and route_table_ids of that VPC too."
    }
    precondition {
      condition     = !local.is_new || (length(var.existing_services) == 0 && var.s3_endpoint_id == "" && var.endpoint_security_group_id == "")
      error_message = "existing_services, s3_endpoint_id and endpoint_security_group_id: expected with vpc_id alone."
    }
  }
}

resource "aws_vpc_endpoint" "s3" {
  count = var.s3_endpoint_id == "" ? 1 : 0

  vpc_id            = local.vpc_id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = local.route_table_ids
  policy = templatefile("${path.module}/endpoint-s3.json.tftpl", {
    account = local.account
    open    = local.of_region["Open"]
    own     = local.of_region["Own"]
  })
  tags = { Name = "${var.name}-s3" }
}
