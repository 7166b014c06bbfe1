# An autoscaling group whose instances fetch the program from S3 and register as hybrid nodes of Systems Manager.
# user-data.yaml.tftpl is what `ssm-bootstrap user-data` prints, with the inputs in their places (make deploy).

data "aws_partition" "current" {}

data "aws_ssm_parameter" "image" {
  name = var.image_parameter
}

resource "aws_launch_template" "this" {
  name_prefix            = "${var.name}-"
  image_id               = data.aws_ssm_parameter.image.insecure_value
  instance_type          = var.instance_type
  vpc_security_group_ids = [var.node_security_group_id]
  update_default_version = true
  user_data = base64encode(templatefile("${path.module}/user-data.yaml.tftpl", {
    bucket    = var.bundle_bucket
    key       = var.bundle_key
    sha256    = var.bundle_sha256
    region    = var.region
    domain    = data.aws_partition.current.dns_suffix
    kind      = var.kind
    parameter = var.parameter_name
    spread    = var.spread
  }))

  iam_instance_profile {
    arn = var.instance_profile_arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = var.hop_limit
  }

  # The first label of such a name is the instance's id: this is how the clean-up knows which node an instance is.
  private_dns_name_options {
    hostname_type                     = "resource-name"
    enable_resource_name_dns_a_record = true
  }

  block_device_mappings {
    device_name = var.root_device

    ebs {
      encrypted             = true
      volume_type           = "gp3"
      volume_size           = var.volume_size
      delete_on_termination = true
    }
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { ManagedBy = "ssm-bootstrap", Name = var.name }
  }

  tag_specifications {
    resource_type = "volume"
    tags          = { ManagedBy = "ssm-bootstrap", Name = var.name }
  }
}

resource "aws_autoscaling_group" "this" {
  name_prefix         = "${var.name}-"
  min_size            = 0
  max_size            = var.max_size
  desired_capacity    = var.desired_capacity
  vpc_zone_identifier = var.subnet_ids
  health_check_type   = "EC2"

  # A node registers minutes after its instance runs.
  wait_for_capacity_timeout = "0"

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  # Part of the group, so that it is there before the first instance is.
  initial_lifecycle_hook {
    name                 = "ssm-bootstrap-deregister"
    lifecycle_transition = "autoscaling:EC2_INSTANCE_TERMINATING"
    heartbeat_timeout    = 300
    default_result       = "CONTINUE"
  }

  tag {
    key                 = "ManagedBy"
    value               = "ssm-bootstrap"
    propagate_at_launch = false
  }
}
