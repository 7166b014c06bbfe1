"""The templates of deploy/systems-manager: the document, its schedule, the table of all verdicts and the questions about it."""
