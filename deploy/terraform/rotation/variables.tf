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
  description = "How many nodes one activation registers, 20 to 1000; with fewer an alarm would be on of a new one."

  validation {
    condition     = var.registration_limit >= 20 && var.registration_limit <= 1000
    error_message = "registration_limit: expected 20 to 1000."
  }
}

variable "valid_days" {
  type        = number
  default     = 30
  description = "How many days one activation is valid, 2 to 30; with fewer an alarm would be on of a new one."

  validation {
    condition     = var.valid_days >= 2 && var.valid_days <= 30
    error_message = "valid_days: expected 2 to 30."
  }
}

variable "min_days" {
  type        = number
  default     = 7
  description = "Another is made when fewer days are left, 1 or more; never more than half of valid_days."

  validation {
    condition     = var.min_days >= 1
    error_message = "min_days: expected 1 or more."
  }
}

variable "min_registrations" {
  type        = number
  default     = 200
  description = "Another is made when fewer registrations are left, 10 or more; never more than half of registration_limit."

  validation {
    condition     = var.min_registrations >= 10
    error_message = "min_registrations: expected 10 or more."
  }
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
