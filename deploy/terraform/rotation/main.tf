# Keeps a hybrid activation that is good in a parameter or a secret: the same as deploy/cloudformation/rotation.yaml.

terraform {
  required_version = ">= 1.5"
  required_providers {
    archive = { source = "hashicorp/archive", version = ">= 2.4" }
    aws     = { source = "hashicorp/aws", version = ">= 5.31" }
  }
}

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

locals {
  place   = "${var.kind}:${var.parameter_name}"
  account = "${data.aws_region.this.id}:${data.aws_caller_identity.this.account_id}"
  parameter = join("", [
    "arn:${data.aws_partition.this.partition}:ssm:${local.account}:parameter",
    startswith(var.parameter_name, "/") ? "" : "/",
    var.parameter_name,
  ])
  actions = var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]
  alarms = {
    days          = { text = "Less than a day is left of the activation, and it was not rotated.", metric = "DaysLeft", least = 1 }
    registrations = { text = "Fewer than ten registrations are left, and it was not rotated.", metric = "RegistrationsLeft", least = 10 }
  }
}

resource "aws_secretsmanager_secret" "this" {
  count       = var.kind == "secret" ? 1 : 0
  name        = var.parameter_name
  description = "The activation with which nodes register; written by the rotation."
  kms_key_id  = var.key_arn == "" ? null : var.key_arn

  # It holds what can be made again, and its name is wanted when the module is applied anew.
  recovery_window_in_days = 0
}

data "archive_file" "source" {
  type        = "zip"
  source_file = "${path.module}/../../rotation/rotate.py"
  output_path = "${path.root}/.terraform/ssm-bootstrap-rotation.zip"
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.function_name}"
  retention_in_days = 90
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "rotation" {
  statement {
    sid = "Activations"
    actions = [
      "ssm:CreateActivation",
      "ssm:DeleteActivation",
      "ssm:DescribeActivations",
    ]
    resources = ["*"]
  }
  # CreateActivation with tags wants it, and AWS names no ARN of an activation: everything else that can be tagged is left out.
  statement {
    sid     = "TagsOfActivations"
    actions = ["ssm:AddTagsToResource"]
    not_resources = [
      for kind in ["association", "automation-execution", "cloud-connector", "document", "maintenancewindow", "opsitem", "opsmetadata", "parameter", "patchbaseline"] :
      "arn:${data.aws_partition.this.partition}:ssm:*:*:${kind}/*"
    ]
  }
  statement {
    sid       = "RoleOfTheNodes"
    actions   = ["iam:PassRole"]
    resources = ["arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.this.account_id}:role/${var.hybrid_role_name}"]
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = distinct(["ssm.amazonaws.com", "ssm.${data.aws_partition.this.dns_suffix}"])
    }
  }
  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }
  statement {
    sid       = "Place"
    actions   = var.kind == "secret" ? ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"] : ["ssm:GetParameter", "ssm:PutParameter"]
    resources = [var.kind == "secret" ? aws_secretsmanager_secret.this[0].arn : local.parameter]
  }
  dynamic "statement" {
    for_each = var.key_arn == "" ? [] : [var.key_arn]
    content {
      sid       = "Key"
      actions   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role" "this" {
  name_prefix        = "ssm-bootstrap-rotation-"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "this" {
  name   = "rotation"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.rotation.json
}

resource "aws_lambda_function" "this" {
  function_name    = var.function_name
  description      = "Keeps a hybrid activation that is good where nodes look for it."
  runtime          = "python3.13"
  handler          = "rotate.handler"
  role             = aws_iam_role.this.arn
  timeout          = 60
  memory_size      = 256
  filename         = data.archive_file.source.output_path
  source_code_hash = data.archive_file.source.output_base64sha256
  environment {
    variables = {
      PLACE             = local.place
      ROLE              = var.hybrid_role_name
      LIMIT             = var.registration_limit
      DAYS              = var.valid_days
      MIN_DAYS          = var.min_days
      MIN_REGISTRATIONS = var.min_registrations
      KEY               = var.key_arn
      TAGS              = jsonencode(var.node_tags)
    }
  }
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}

resource "aws_cloudwatch_event_rule" "this" {
  name_prefix         = "ssm-bootstrap-rotation-"
  description         = "When the rotation looks."
  schedule_expression = var.schedule
}

resource "aws_cloudwatch_event_target" "this" {
  rule = aws_cloudwatch_event_rule.this.name
  arn  = aws_lambda_function.this.arn
}

resource "aws_lambda_permission" "this" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this.arn
}

resource "aws_cloudwatch_metric_alarm" "left" {
  for_each            = local.alarms
  alarm_name          = "${var.function_name}-few-${each.key}"
  alarm_description   = each.value.text
  namespace           = "ssm-bootstrap"
  metric_name         = each.value.metric
  dimensions          = { place = local.place }
  statistic           = "Minimum"
  period              = 3600
  evaluation_periods  = 1
  threshold           = each.value.least
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "ignore"
  alarm_actions       = local.actions
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "${var.function_name}-failed"
  alarm_description   = "The rotation failed."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.this.function_name }
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "ignore"
  alarm_actions       = local.actions
}

resource "aws_cloudwatch_metric_alarm" "not_run" {
  alarm_name          = "${var.function_name}-not-run"
  alarm_description   = "The rotation has not run for six hours."
  namespace           = "AWS/Lambda"
  metric_name         = "Invocations"
  dimensions          = { FunctionName = aws_lambda_function.this.function_name }
  statistic           = "Sum"
  period              = 21600
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  alarm_actions       = local.actions
}
