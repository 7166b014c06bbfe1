variable "bucket_prefix" {
  description = "How the name of the bucket begins."
  type        = string
  default     = "ssm-bootstrap-"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,36}$", var.bucket_prefix))
    error_message = "Expected 2 to 37 lower-case letters, digits and hyphens."
  }
}

variable "s3_endpoint_id" {
  description = "The S3 endpoint through which the nodes come (an output of network)."
  type        = string

  validation {
    condition     = can(regex("^vpce-[0-9a-f]+$", var.s3_endpoint_id))
    error_message = "Expected vpce-..."
  }
}

variable "file" {
  description = "The program: dist/ssm-bootstrap.pyz, or the executable for the processor of the nodes. It is uploaded."
  type        = string

  validation {
    condition     = fileexists(var.file)
    error_message = "Expected a file that is there (make bundle, make executable)."
  }
}

variable "sha256" {
  description = "Its SHA-256, as the file beside it has it (dist/ssm-bootstrap.pyz.sha256); a file with another is not uploaded."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.sha256))
    error_message = "Expected 64 hexadecimal digits."
  }
}
