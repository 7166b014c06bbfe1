"""Every noun of the program: frozen dataclasses and enums, and nothing that touches the world."""
