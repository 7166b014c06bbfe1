"""The alerts, the dashboard and the snippets in deploy/monitoring."""
