output "hybrid_role_name" {
  description = "The role for activations (an input of rotation)."
  value       = aws_iam_role.hybrid.name
}

output "hybrid_role_arn" {
  description = "Its ARN, which whoever makes activations has to be allowed to pass."
  value       = aws_iam_role.hybrid.arn
}

output "instance_profile_arn" {
  description = "The instance profile for nodes."
  value       = aws_iam_instance_profile.this.arn
}

output "kind" {
  description = "Where the activation is kept."
  value       = var.kind
}

output "parameter_name" {
  description = "The parameter or the secret that holds the activation."
  value       = var.parameter_name
}
