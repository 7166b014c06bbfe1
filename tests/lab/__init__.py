"""A closed VPC on one machine: namespaces, a router, a resolver, IMDS and stand-ins for AWS and the agent."""
