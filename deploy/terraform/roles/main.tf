# The role of hybrid nodes, which Systems Manager gives to a node that has registered, and the instance profile with which an
# instance fetches the program and the activation before that. regions.json is generated (make deploy).

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  regions   = jsondecode(file("${path.module}/regions.json"))
  of_region = local.regions[var.region]
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  boundary  = var.permissions_boundary_arn == "" ? null : var.permissions_boundary_arn
  is_secret = var.kind == "secret"
  parameter = "arn:${local.partition}:ssm:${var.region}:${local.account}:parameter${var.parameter_name}"

  # A secret's ARN ends in a hyphen and six characters that Secrets Manager chooses.
  secret = "arn:${local.partition}:secretsmanager:${var.region}:${local.account}:secret:${var.parameter_name}-??????"

  first_boot = [
    {
      Sid      = "Activation"
      Effect   = "Allow"
      Action   = local.is_secret ? "secretsmanager:GetSecretValue" : "ssm:GetParameter"
      Resource = local.is_secret ? local.secret : local.parameter
    },
    {
      Sid      = "Bundle"
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = "arn:${local.partition}:s3:::${var.bundle_bucket}/*"
    },
  ]
  service = local.is_secret ? "secretsmanager" : "ssm"
  key = [
    for arn in compact([var.parameter_key_arn]) : {
      Sid      = "KeyOfTheActivation"
      Effect   = "Allow"
      Action   = "kms:Decrypt"
      Resource = arn
      Condition = {
        StringEquals = { "kms:ViaService" = "${local.service}.${var.region}.${data.aws_partition.current.dns_suffix}" }
        StringLike = {
          for name, value in { PARAMETER_ARN = local.parameter, SecretARN = local.secret } :
          "kms:EncryptionContext:${name}" => value if local.is_secret == (name == "SecretARN")
        }
      }
    }
  ]
}

resource "aws_iam_role" "hybrid" {
  name_prefix          = "${var.name}-node-"
  description          = "ssm-bootstrap: hybrid nodes of Systems Manager"
  permissions_boundary = local.boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = local.of_region["Principal"] }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:ssm:${var.region}:${local.account}:*" }
      }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "core" {
  role       = aws_iam_role.hybrid.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_role_policy" "buckets" {
  name = "BucketsOfSystemsManager"
  role = aws_iam_role.hybrid.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "BucketsOfSystemsManager"
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = local.of_region["Buckets"]
    }]
  })
}

# Without AmazonSSMManagedInstanceCore: with it, an agent would be the EC2 instance, and not the hybrid node.
resource "aws_iam_role" "instance" {
  name_prefix          = "${var.name}-instance-"
  description          = "ssm-bootstrap: instances that are to become hybrid nodes"
  permissions_boundary = local.boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.${data.aws_partition.current.dns_suffix}" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "first_boot" {
  name   = "FirstBoot"
  role   = aws_iam_role.instance.name
  policy = jsonencode({ Version = "2012-10-17", Statement = concat(local.first_boot, local.key) })
}

resource "aws_iam_instance_profile" "this" {
  name_prefix = "${var.name}-"
  role        = aws_iam_role.instance.name
}
