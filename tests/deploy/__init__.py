"""Infrastructure as code: linted, made at a server, and its functions run."""
