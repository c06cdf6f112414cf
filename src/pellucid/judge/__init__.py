"""What is said of answers that are already there: scores with intervals. It needs no torch."""
