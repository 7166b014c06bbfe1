output "group_name" {
  description = "The autoscaling group."
  value       = aws_autoscaling_group.this.name
}

output "launch_template_id" {
  description = "Its launch template."
  value       = aws_launch_template.this.id
}
