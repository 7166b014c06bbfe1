"""The role and the playbooks of deploy/ansible: what they say of themselves, and what they do in the lab."""
