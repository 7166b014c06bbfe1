output "bundle_bucket" {
  description = "The bucket."
  value       = aws_s3_bucket.this.id
}

output "bundle_key" {
  description = "The object that new nodes fetch."
  value       = aws_s3_object.this.key
}

output "bundle_sha256" {
  description = "Its hash."
  value       = var.sha256
}
