# A golden image with ssm-bootstrap: installed, verified, and with nothing in it of the machine that it was made on.
#
#   packer init ssm-bootstrap.pkr.hcl
#   packer build -var region=ap-northeast-1 -var source_ami=ami-... \
#     -var program=../../dist/ssm-bootstrap-x86_64 -var sha256=... ssm-bootstrap.pkr.hcl

packer {
  required_version = ">= 1.9.0"
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.2.8, < 2.0.0"
    }
  }
}

variable "region" {
  type        = string
  description = "The region in which the image is made."
}

variable "source_ami" {
  type        = string
  description = "The image to start from, of the program's processor; it should have the agent (Amazon Linux has)."
  validation {
    condition     = can(regex("^ami-[0-9a-f]{8,17}$", var.source_ami))
    error_message = "Expected the id of an image, as in ami-0123456789abcdef0."
  }
}

variable "program" {
  type        = string
  description = "The executable or the bundle on this machine: dist/ssm-bootstrap-x86_64, -aarch64 or ssm-bootstrap.pyz."
}

variable "sha256" {
  type        = string
  description = "The SHA-256 of that file, as dist/SHA256SUMS has it."
  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.sha256))
    error_message = "Expected 64 hexadecimal digits in lower case."
  }
}

variable "instance_type" {
  type        = string
  default     = "t3.medium"
  description = "On what it is built; t4g.medium for aarch64."
}

variable "subnet_id" {
  type        = string
  default     = ""
  description = "The subnet; empty for that of the default VPC."
}

variable "ssh_username" {
  type        = string
  default     = "ec2-user"
  description = "The user of the image that may become root with sudo: ec2-user, ubuntu, admin."
}

variable "ssh_interface" {
  type        = string
  default     = "private_ip"
  description = "How this machine reaches it. A session of Systems Manager would end when prepare-image stops the agent."
  validation {
    condition     = contains(["private_ip", "private_dns", "public_ip", "public_dns"], var.ssh_interface)
    error_message = "Expected private_ip, private_dns, public_ip or public_dns; with session_manager the last step would cut its own connection."
  }
}

variable "image_name" {
  type        = string
  default     = "ssm-bootstrap"
  description = "How the image's name begins; the time follows."
}

variable "kms_key_id" {
  type        = string
  default     = ""
  description = "The key for the image's volumes; empty for the account's own for EBS."
}

locals {
  uploaded = "/var/tmp/ssm-bootstrap-download"
}

source "amazon-ebs" "image" {
  region        = var.region
  source_ami    = var.source_ami
  instance_type = var.instance_type
  subnet_id     = var.subnet_id

  ssh_username            = var.ssh_username
  ssh_interface           = var.ssh_interface
  temporary_key_pair_type = "ed25519"

  ami_name        = "${var.image_name}-${formatdate("YYYYMMDD-hhmmss", timestamp())}"
  ami_description = "ssm-bootstrap in place, prepared by prepare-image"
  encrypt_boot    = true
  kms_key_id      = var.kms_key_id
  imds_support    = "v2.0"

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  tags = {
    source_ami = var.source_ami
    made_with  = "ssm-bootstrap"
  }
}

build {
  sources = ["source.amazon-ebs.image"]

  provisioner "file" {
    source      = var.program
    destination = local.uploaded
  }

  provisioner "shell" {
    environment_vars = [
      "SSM_BOOTSTRAP_FILE=${local.uploaded}",
      "SSM_BOOTSTRAP_SHA256=${var.sha256}",
    ]
    execute_command = "sudo env {{ .Vars }} sh '{{ .Path }}'"
    scripts = [
      "${path.root}/install.sh",
      "${path.root}/verify.sh",
    ]
  }

  # What your own image needs goes here: before the last step, which nothing may follow.

  provisioner "shell" {
    execute_command = "sudo env {{ .Vars }} sh '{{ .Path }}'"
    script          = "${path.root}/prepare.sh"
  }
}
