"""Makes one file of the package and all that it needs: `make bundle`. docs/bundle.md says how it is built and what it does."""
