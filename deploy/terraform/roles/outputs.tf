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

output "parameter_name" {
  description = "The parameter that holds the activation."
  value       = var.parameter_name
}
