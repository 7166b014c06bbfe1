"""What is known of AWS's own APIs: the calls that read a VPC and an account, and the repairs of it."""
