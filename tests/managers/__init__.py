"""Package managers of this machine, run against repositories that are broken in every way, in a closed namespace."""
