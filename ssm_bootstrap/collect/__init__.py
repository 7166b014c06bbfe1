"""Effects to observations; a failure is classified where it happens."""
