"""Brings an EC2 instance of a closed VPC under AWS Systems Manager, and says what is in the way."""

__version__ = "0.1.0"
