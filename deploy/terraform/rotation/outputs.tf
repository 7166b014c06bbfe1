output "place" {
  description = "What instances are given as --code-from, or [activation] from."
  value       = local.place
}

output "function_name" {
  description = "To begin at once: aws lambda invoke --function-name NAME /dev/stdout"
  value       = aws_lambda_function.this.function_name
}
