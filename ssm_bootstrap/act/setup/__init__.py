"""This program put in place on a machine, and a machine made ready to be an image."""
