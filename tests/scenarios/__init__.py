"""Whole instances as data: a directory a story, played through the product's own looking and diagnosis (see README.md)."""
