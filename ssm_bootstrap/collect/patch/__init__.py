"""Package repositories as each manager reads them, asked for their indexes, and the machine's own limits."""
