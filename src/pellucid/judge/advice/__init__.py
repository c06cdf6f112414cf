"""What a run's figures give reason to do, with the evidence and the command that does it."""
