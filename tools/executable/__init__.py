"""Makes an executable file with its own Python: `make executable`. docs/executable.md says how it is built and what it does."""
