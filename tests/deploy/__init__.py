"""The templates and modules of deploy/: linted, created in a server that answers as AWS does, and judged by the product."""
