"""Questions about training, answered by experiments that anyone can repeat."""
