# Everything from a closed VPC to an autoscaling group of managed nodes (docs/fleet.md).

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

provider "aws" {
  region = var.region
}

variable "region" {
  description = "The region."
  type        = string
}

variable "nodes" {
  description = "How many nodes there are to be; begin with one."
  type        = number
  default     = 1
}

variable "bundle" {
  description = "The program, as `make bundle` or `make executable` leaves it."
  type        = string
  default     = "../../../../dist/ssm-bootstrap.pyz"
}

variable "kind" {
  description = "Where the activation is kept: parameter or secret."
  type        = string
  default     = "parameter"
}

variable "parameter_name" {
  description = "The name of the parameter or of the secret, with a slash first."
  type        = string
  default     = "/hybrid/activation"
}

variable "parameter_key_arn" {
  description = "A KMS key of your own that encrypts it; empty for the one of AWS."
  type        = string
  default     = ""
}

variable "cleanup_mode" {
  description = "report: say in a log which nodes would be deregistered; deregister: do it."
  type        = string
  default     = "report"
}

variable "alarm_topic_arn" {
  description = "The SNS topic that the alarms of the rotation and the clean-up are sent to; empty sends them nowhere."
  type        = string
  default     = ""
}

module "network" {
  source        = "../../network"
  region        = var.region
  more_services = var.kind == "secret" ? ["secretsmanager"] : []
}

module "bundle" {
  source         = "../../bundle"
  s3_endpoint_id = module.network.s3_endpoint_id
  file           = var.bundle
  sha256         = filesha256(var.bundle)
}

module "roles" {
  source            = "../../roles"
  region            = var.region
  bundle_bucket     = module.bundle.bundle_bucket
  kind              = var.kind
  parameter_name    = var.parameter_name
  parameter_key_arn = var.parameter_key_arn
}

module "rotation" {
  source           = "../../rotation"
  kind             = module.roles.kind
  parameter_name   = module.roles.parameter_name
  key_arn          = var.parameter_key_arn
  hybrid_role_name = module.roles.hybrid_role_name
  alarm_topic_arn  = var.alarm_topic_arn
}

module "cleanup" {
  source          = "../../cleanup"
  mode            = var.cleanup_mode
  alarm_topic_arn = var.alarm_topic_arn
}

module "nodes" {
  source                 = "../../nodes"
  region                 = var.region
  subnet_ids             = module.network.subnet_ids
  node_security_group_id = module.network.node_security_group_id
  instance_profile_arn   = module.roles.instance_profile_arn
  bundle_bucket          = module.bundle.bundle_bucket
  bundle_key             = module.bundle.bundle_key
  bundle_sha256          = module.bundle.bundle_sha256
  kind                   = module.roles.kind
  parameter_name         = module.roles.parameter_name
  desired_capacity       = var.nodes
  max_size               = max(500, var.nodes)

  depends_on = [module.cleanup, module.rotation]
}

output "group_name" {
  description = "The autoscaling group."
  value       = module.nodes.group_name
}

output "rotation_function_name" {
  description = "The function that keeps an activation that is good."
  value       = module.rotation.function_name
}

output "cleanup_function_name" {
  description = "The function that deregisters nodes whose instances are gone."
  value       = module.cleanup.cleanup_function_name
}
