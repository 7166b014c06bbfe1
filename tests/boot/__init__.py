"""A real systemd, booted in a container inside the lab's closed VPC: what the units do on a machine that starts."""
