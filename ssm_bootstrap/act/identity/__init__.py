"""A node's identity: changed as one transaction, put back, taken away."""
