"""What changes the machine, carefully."""
