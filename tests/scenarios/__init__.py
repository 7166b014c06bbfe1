"""Whole instances as data: one directory per story, played through the product's own looking and diagnosis (see README.md)."""
