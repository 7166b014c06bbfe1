variable "kind" {
  type        = string
  default     = "parameter"
  description = "Where the activation is kept: parameter or secret."

  validation {
    condition     = contains(["parameter", "secret"], var.kind)
    error_message = "kind: expected parameter or secret."
  }
}

variable "parameter_name" {
  type        = string
  default     = "/hybrid/activation"
  description = "The name of the parameter (with its leading slash) or of the secret."
}

variable "hybrid_role_name" {
  type        = string
  description = "The role that registered nodes get, as service-role/NAME or NAME."
}

variable "function_name" {
  type        = string
  default     = "ssm-bootstrap-rotation"
  description = "The name of the function."
}

variable "registration_limit" {
  type        = number
  default     = 1000
  description = "How many nodes one activation registers, 1 to 1000."

  validation {
    condition     = var.registration_limit >= 1 && var.registration_limit <= 1000
    error_message = "registration_limit: expected 1 to 1000."
  }
}

variable "valid_days" {
  type        = number
  default     = 30
  description = "How many days one activation is valid, 1 to 30."

  validation {
    condition     = var.valid_days >= 1 && var.valid_days <= 30
    error_message = "valid_days: expected 1 to 30."
  }
}

variable "min_days" {
  type        = number
  default     = 7
  description = "Another is made when fewer days are left; never more than half of valid_days."
}

variable "min_registrations" {
  type        = number
  default     = 200
  description = "Another is made when fewer registrations are left; never more than half of registration_limit."
}

variable "schedule" {
  type        = string
  default     = "rate(15 minutes)"
  description = "How often it looks, as EventBridge has it."
}

variable "key_arn" {
  type        = string
  default     = ""
  description = "The KMS key of the parameter or secret; empty for the one of AWS."
}

variable "node_tags" {
  type        = map(string)
  default     = { ManagedBy = "ssm-bootstrap" }
  description = "Tags of the nodes. The clean-up looks only at nodes with this one."
}

variable "alarm_topic_arn" {
  type        = string
  default     = ""
  description = "The SNS topic that alarms are sent to; empty sends them nowhere."
}
