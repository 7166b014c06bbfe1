"""What makes something of this tree; nothing of it is part of the package."""
