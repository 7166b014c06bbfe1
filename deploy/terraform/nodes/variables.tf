variable "name" {
  description = "What the group and its nodes are called."
  type        = string
  default     = "ssm-bootstrap-nodes"

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{1,100}$", var.name))
    error_message = "Expected up to 100 letters, digits and hyphens."
  }
}

variable "region" {
  description = "The region of the bucket and of the activation."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+){1,2}-[0-9]+$", var.region))
    error_message = "Expected a region such as ap-northeast-1."
  }
}

variable "image_parameter" {
  description = "A public parameter of an image, or one of your own, with cloud-init, curl and the agent. It decides the processor."
  type        = string
  default     = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

variable "instance_type" {
  description = "The type of the instances, for the processor of the image."
  type        = string
  default     = "t3.small"

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", var.instance_type))
    error_message = "Expected an instance type such as t3.small."
  }
}

variable "root_device" {
  description = "The name of the image's root device."
  type        = string
  default     = "/dev/xvda"
}

variable "volume_size" {
  description = "The size of the root volume in GiB."
  type        = number
  default     = 10

  validation {
    condition     = var.volume_size >= 8 && var.volume_size <= 16384
    error_message = "Expected 8 to 16384."
  }
}

variable "subnet_ids" {
  description = "The subnets of the nodes (an output of network)."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "Expected one subnet at least."
  }
}

variable "node_security_group_id" {
  description = "Their security group (an output of network)."
  type        = string
}

variable "instance_profile_arn" {
  description = "Their instance profile (an output of roles)."
  type        = string
}

variable "bundle_bucket" {
  description = "The bucket with the program (an output of bundle)."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bundle_bucket))
    error_message = "Expected a bucket's name without dots."
  }
}

variable "bundle_key" {
  description = "The object that is fetched (an output of bundle)."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$", var.bundle_key))
    error_message = "Expected letters, digits, dots, hyphens, underscores and slashes."
  }
}

variable "bundle_sha256" {
  description = "Its hash (an output of bundle); what has another is not run."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.bundle_sha256))
    error_message = "Expected 64 hexadecimal digits."
  }
}

variable "kind" {
  description = "Where the activation is kept (an output of roles)."
  type        = string
  default     = "parameter"

  validation {
    condition     = contains(["parameter", "secret"], var.kind)
    error_message = "Expected parameter or secret."
  }
}

variable "parameter_name" {
  description = "The parameter or the secret that holds the activation (an output of roles)."
  type        = string
  default     = "/hybrid/activation"

  validation {
    condition     = can(regex("^/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,14}$", var.parameter_name)) && !can(regex("^(?i)/(aws|ssm)", var.parameter_name))
    error_message = "Expected a name that begins with a slash, and not with /aws or /ssm."
  }
}

variable "desired_capacity" {
  description = "How many nodes there are to be."
  type        = number
  default     = 1

  validation {
    condition     = var.desired_capacity >= 0 && var.desired_capacity <= 10000
    error_message = "Expected 0 to 10000."
  }
}

variable "max_size" {
  description = "How many there may be."
  type        = number
  default     = 500

  validation {
    condition     = var.max_size >= 1 && var.max_size <= 10000
    error_message = "Expected 1 to 10000."
  }
}

variable "spread" {
  description = "Over how long instances that start together are spread when they register; each has a delay of its own below it."
  type        = string
  default     = "10m"

  validation {
    condition     = can(regex("^[1-9][0-9]{0,3}[smh]$", var.spread))
    error_message = "Expected a time such as 90s, 10m or 2h, 24h at most."
  }
}

variable "hop_limit" {
  description = "Hops that an answer of the metadata service may take; 1 keeps it from containers."
  type        = number
  default     = 1

  validation {
    condition     = var.hop_limit >= 1 && var.hop_limit <= 64
    error_message = "Expected 1 to 64."
  }
}
