"""Pure thought: observations in, a diagnosis out."""
