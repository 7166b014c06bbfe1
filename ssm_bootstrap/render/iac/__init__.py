"""What is required or missing, as infrastructure code: Terraform, CloudFormation, commands of the AWS CLI."""
