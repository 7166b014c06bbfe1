variable "name" {
  description = "What the function, its role, its rules and its log are called."
  type        = string
  default     = "ssm-bootstrap-cleanup"

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{1,50}$", var.name))
    error_message = "Expected up to 50 letters, digits and hyphens."
  }
}

variable "mode" {
  description = "report: write into the log what would be deregistered, and change nothing; deregister: do it."
  type        = string
  default     = "report"

  validation {
    condition     = contains(["report", "deregister"], var.mode)
    error_message = "Expected report or deregister."
  }
}

variable "lost_days" {
  description = "After how many days without a sign a node is given up whose instance EC2 does not know."
  type        = number
  default     = 30

  validation {
    condition     = var.lost_days >= 1 && var.lost_days <= 365
    error_message = "Expected 1 to 365."
  }
}

variable "limit" {
  description = "How many nodes one scheduled run deregisters at most."
  type        = number
  default     = 500

  validation {
    condition     = var.limit >= 1 && var.limit <= 1000
    error_message = "Expected 1 to 1000."
  }
}

variable "schedule" {
  description = "When it looks for nodes that the hook missed. A node has to be silent for 30 minutes, and EC2 tells of a terminated instance for about an hour."
  type        = string
  default     = "rate(10 minutes)"

  validation {
    condition     = can(regex("^(rate|cron)\\([a-zA-Z0-9 *?,/#-]+\\)$", var.schedule))
    error_message = "Expected rate(...) or cron(...)."
  }
}

variable "tag_value" {
  description = "The value of the tag ManagedBy of the nodes that may be deregistered; no other node is touched. An activation gives its tags to each of its nodes (rotation)."
  type        = string
  default     = "ssm-bootstrap"

  validation {
    condition     = can(regex("^[A-Za-z0-9_.:/=+@-]{1,256}$", var.tag_value))
    error_message = "Expected a tag's value."
  }
}

variable "log_days" {
  description = "How long the log is kept, in days."
  type        = number
  default     = 90

  validation {
    condition     = contains([7, 14, 30, 60, 90, 180, 365], var.log_days)
    error_message = "Expected 7, 14, 30, 60, 90, 180 or 365."
  }
}

variable "alarm_topic_arn" {
  description = "The SNS topic that its alarm is sent to; empty sends it nowhere."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(arn:[a-z-]+:sns:[a-z0-9-]+:\\d{12}:.+)?$", var.alarm_topic_arn))
    error_message = "Expected the ARN of a topic or nothing."
  }
}
