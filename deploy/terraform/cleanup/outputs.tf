output "cleanup_function_name" {
  description = "The function, to be called by hand too."
  value       = aws_lambda_function.this.function_name
}

output "cleanup_log_group" {
  description = "Where it says what it did."
  value       = aws_cloudwatch_log_group.this.name
}
