variable "name" {
  description = "How the names of the roles begin."
  type        = string
  default     = "ssm-bootstrap"

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{1,30}$", var.name))
    error_message = "Expected up to 30 letters, digits and hyphens."
  }
}

variable "region" {
  description = "The region of the activations."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+){1,2}-[0-9]+$", var.region))
    error_message = "Expected a region such as ap-northeast-1."
  }
}

variable "kind" {
  description = "Where the activation is kept (an input of rotation)."
  type        = string
  default     = "parameter"

  validation {
    condition     = contains(["parameter", "secret"], var.kind)
    error_message = "Expected parameter or secret."
  }
}

variable "parameter_name" {
  description = "The parameter or the secret that holds the activation (an input of rotation)."
  type        = string
  default     = "/hybrid/activation"

  validation {
    condition     = can(regex("^/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,14}$", var.parameter_name)) && !can(regex("^(?i)/(aws|ssm)", var.parameter_name))
    error_message = "Expected a name that begins with a slash, and not with /aws or /ssm."
  }
}

variable "parameter_key_arn" {
  description = "The KMS key that encrypts it; empty where that is alias/aws/ssm or alias/aws/secretsmanager, whose own policy allows the account's roles."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?$", var.parameter_key_arn))
    error_message = "Expected the ARN of a key (not of an alias) or nothing."
  }
}

variable "bundle_bucket" {
  description = "The bucket with the program (an output of bundle)."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "A permissions boundary for both roles; empty for none."
  type        = string
  default     = ""
}
