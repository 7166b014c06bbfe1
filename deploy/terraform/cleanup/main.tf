# A function that deregisters hybrid nodes whose instances are gone. The termination hook of nodes calls it, and a schedule,
# because events come at best effort. One for an account and region is enough, whatever the number of groups.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

data "archive_file" "source" {
  type        = "zip"
  source_file = "${path.module}/../../cleanup/index.py"
  output_path = "${path.root}/.terraform/${var.name}.zip"
}

locals {
  partition = data.aws_partition.current.partition
  place     = "${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"
  rules = {
    termination = { pattern = jsonencode({
      source      = ["aws.autoscaling"]
      detail-type = ["EC2 Instance-terminate Lifecycle Action"]
      detail      = { LifecycleHookName = ["ssm-bootstrap-deregister"] }
    }), schedule = null }
    schedule = { pattern = null, schedule = var.schedule }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_days
}

resource "aws_iam_role" "this" {
  name        = var.name
  description = "ssm-bootstrap: deregisters nodes whose instances are gone"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "Cleanup"
  role = aws_iam_role.this.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      # These three know no narrower resource.
      {
        Sid      = "Look"
        Effect   = "Allow"
        Action   = ["autoscaling:DescribeAutoScalingInstances", "ec2:DescribeInstances", "ssm:DescribeInstanceInformation"]
        Resource = "*"
      },
      {
        Sid       = "DeregisterOurs"
        Effect    = "Allow"
        Action    = "ssm:DeregisterManagedInstance"
        Resource  = "arn:${local.partition}:ssm:${local.place}:managed-instance/*"
        Condition = { StringEquals = { "aws:ResourceTag/ManagedBy" = var.tag_value } }
      },
      {
        Sid       = "GoOn"
        Effect    = "Allow"
        Action    = "autoscaling:CompleteLifecycleAction"
        Resource  = "arn:${local.partition}:autoscaling:${local.place}:autoScalingGroup:*:autoScalingGroupName/*"
        Condition = { StringEquals = { "aws:ResourceTag/ManagedBy" = "ssm-bootstrap" } }
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.this.arn}:*"
      },
    ]
  })
}

resource "aws_lambda_function" "this" {
  function_name    = var.name
  description      = "ssm-bootstrap: deregisters nodes whose instances are gone"
  role             = aws_iam_role.this.arn
  runtime          = "python3.13"
  handler          = "index.handler"
  memory_size      = 256
  timeout          = 540
  filename         = data.archive_file.source.output_path
  source_code_hash = data.archive_file.source.output_base64sha256

  environment {
    variables = {
      MODE      = var.mode
      TAG_VALUE = var.tag_value
      LOST_DAYS = var.lost_days
      LIMIT     = var.limit
    }
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name                = "${var.name}-${each.key}"
  description         = "ssm-bootstrap: calls the clean-up of nodes"
  event_pattern       = each.value.pattern
  schedule_expression = each.value.schedule
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.rules

  rule = aws_cloudwatch_event_rule.this[each.key].name
  arn  = aws_lambda_function.this.arn
}

resource "aws_lambda_permission" "this" {
  for_each = local.rules

  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this[each.key].arn
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "${var.name}-failed"
  alarm_description   = "ssm-bootstrap: the clean-up of nodes failed; its log says why."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.this.function_name }
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "ignore"
  alarm_actions       = var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]
}
