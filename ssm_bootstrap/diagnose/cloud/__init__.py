"""Checks of AWS's side: packets, names, policies, activation and role."""
