"""What of deploy/ is made from other files: a script stands in one place, and so does the SQL."""
