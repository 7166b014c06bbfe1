"""AWS's side of an instance, read by the APIs of AWS."""
