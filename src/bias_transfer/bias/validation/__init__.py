"""What the statistics are tried on: data without bias, and bias that was planted."""
