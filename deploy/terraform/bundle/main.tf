# The bucket from which new nodes fetch the program: private, encrypted, versioned, over TLS alone. What comes through the S3
# endpoint of the VPC may read it without credentials.

data "aws_partition" "current" {}

locals {
  # Each version has a key of its own: launch templates that are in use compare the hash of the one they know.
  key = "${substr(var.sha256, 0, 12)}/${basename(var.file)}"
  arn = "arn:${data.aws_partition.current.partition}:s3:::${aws_s3_bucket.this.id}"
}

resource "aws_s3_bucket" "this" {
  bucket_prefix = var.bucket_prefix
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "OldVersions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 90
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

# SSE-S3: an object under a KMS key is given to signed requests alone, and the nodes' are not signed.
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TlsAlone"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.arn, "${local.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "BundleThroughTheEndpoint"
        Effect    = "Allow"
        Principal = "*"
        Action    = "s3:GetObject"
        Resource  = "${local.arn}/*"
        Condition = { StringEquals = { "aws:SourceVpce" = var.s3_endpoint_id } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_object" "this" {
  bucket      = aws_s3_bucket.this.id
  key         = local.key
  source      = var.file
  source_hash = filesha256(var.file)

  lifecycle {
    precondition {
      condition     = filesha256(var.file) == var.sha256
      error_message = "The file has another SHA-256 than sha256 says."
    }
  }

  depends_on = [aws_s3_bucket_server_side_encryption_configuration.this, aws_s3_bucket_versioning.this]
}
