output "vpc_id" {
  description = "The VPC of the nodes."
  value       = local.vpc_id
}

output "subnet_ids" {
  description = "The subnets of the nodes."
  value       = local.subnet_ids
}

output "route_table_ids" {
  description = "The route tables with the S3 gateway endpoint in them."
  value       = local.route_table_ids
}

output "node_security_group_id" {
  description = "The security group of the nodes."
  value       = local.node_group_id
}

output "endpoint_security_group_id" {
  description = "The security group of the endpoints."
  value       = local.endpoint_group_id
}

output "s3_endpoint_id" {
  description = "The gateway endpoint of S3, which the policy of the bucket names."
  value       = local.s3_endpoint_id
}
