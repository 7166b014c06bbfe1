"""Diagnosis to text, JSON and pages: pure functions that return what others print."""
