"""One page of HTML that tells of a run, or of several side by side; it needs no other file and no network."""
