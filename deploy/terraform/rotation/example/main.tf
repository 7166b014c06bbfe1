provider "aws" {
  region = "ap-northeast-1"
}

module "rotation" {
  source    = "../"
  node_role = "service-role/NodeRole"
  node_tags = { PatchGroup = "closed-vpc" }
}

output "code_from" {
  value = module.rotation.place
}
