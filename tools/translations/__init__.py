"""The sentences that are said in other languages: gathered from catalogue and code, kept in gettext's files, and compiled."""
