variable "name" {
  description = "What the VPC and the groups are called."
  type        = string
  default     = "ssm-bootstrap"

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{1,40}$", var.name))
    error_message = "Expected up to 40 letters, digits and hyphens."
  }
}

variable "region" {
  description = "The region, the same as the provider's."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+){1,2}-[0-9]+$", var.region))
    error_message = "Expected a region such as ap-northeast-1."
  }
}

variable "vpc_cidr" {
  description = "The addresses of the VPC that is made."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr))
    error_message = "Expected an IPv4 block such as 10.0.0.0/16."
  }
}

variable "subnet_count" {
  description = "How many subnets are made, each in an Availability Zone of its own; each has a 64th of the VPC's addresses."
  type        = number
  default     = 2

  validation {
    condition     = contains([2, 3], var.subnet_count)
    error_message = "Expected 2 or 3."
  }
}

variable "vpc_id" {
  description = "Your own VPC, with DNS support and DNS host names on; empty makes one. The next two are then wanted too."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(vpc-[0-9a-f]+)?$", var.vpc_id))
    error_message = "Expected vpc-... or nothing."
  }
}

variable "subnet_ids" {
  description = "Subnets of your own VPC for the endpoints and the nodes, one an Availability Zone."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.subnet_ids : can(regex("^subnet-[0-9a-f]+$", one))])
    error_message = "Expected subnet-... each."
  }
}

variable "route_table_ids" {
  description = "The route tables that those subnets use, for the S3 gateway endpoint."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.route_table_ids : can(regex("^rtb-[0-9a-f]+$", one))])
    error_message = "Expected rtb-... each."
  }
}

variable "node_security_group_id" {
  description = "A security group of your own for the nodes, to which the rules are added; empty makes one."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(sg-[0-9a-f]+)?$", var.node_security_group_id))
    error_message = "Expected sg-... or nothing."
  }
}

variable "ec2messages" {
  description = "An endpoint for ec2messages, the second way of Run Command. Regions opened since 2024 have none; it is not made there."
  type        = bool
  default     = true
}

variable "more_services" {
  description = "Further endpoints: kms (sessions under a key of yours), logs (output of commands), secretsmanager (the activation)."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.more_services, ["kms", "logs", "secretsmanager"])) == 0
    error_message = "Expected kms, logs or secretsmanager."
  }
}

variable "s3_endpoint_id" {
  description = "The gateway endpoint for S3 that those route tables have already, whose policy is yours to change; empty makes one."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(vpce-[0-9a-f]+)?$", var.s3_endpoint_id))
    error_message = "Expected vpce-... or nothing."
  }
}

variable "endpoint_security_group_id" {
  description = "The group of interface endpoints that your VPC has already, to which a rule is added; empty makes one."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(sg-[0-9a-f]+)?$", var.endpoint_security_group_id))
    error_message = "Expected sg-... or nothing."
  }
}

variable "existing_services" {
  description = "Services of which your own VPC has an interface endpoint with private DNS already: none is made."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.existing_services, ["ssm", "ssmmessages", "ec2messages"])) == 0
    error_message = "Expected ssm, ssmmessages or ec2messages."
  }
}
