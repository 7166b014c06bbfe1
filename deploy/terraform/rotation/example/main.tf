provider "aws" {
  region = "ap-northeast-1"
}

module "rotation" {
  source           = "../"
  hybrid_role_name = "service-role/NodeRole"
  node_tags        = { ManagedBy = "ssm-bootstrap", PatchGroup = "closed-vpc" }
}

output "code_from" {
  value = module.rotation.place
}
