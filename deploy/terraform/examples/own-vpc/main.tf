# The endpoints alone, in a VPC that is there already and has DNS support and DNS host names on.

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
  region = "ap-northeast-1"
}

module "network" {
  source                 = "../../network"
  region                 = "ap-northeast-1"
  vpc_id                 = "vpc-0123456789abcdef0"
  subnet_ids             = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  route_table_ids        = ["rtb-0123456789abcdef0"]
  node_security_group_id = "sg-0123456789abcdef0"
  more_services          = ["kms", "logs"]
}

output "s3_endpoint_id" {
  description = "The gateway endpoint of S3."
  value       = module.network.s3_endpoint_id
}
