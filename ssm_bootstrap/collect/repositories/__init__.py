"""Package repositories: each package manager's own configuration read as it reads it, then asked for its index."""
