"""The parts of the templates and modules in deploy/ that the product itself knows: policies, regions, user-data (make deploy)."""
