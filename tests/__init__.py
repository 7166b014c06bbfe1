"""The tests: they mirror the package; laws/ hold over the whole tree, lab/ is a closed VPC on one machine."""
