"""One page of HTML to draw on and to walk through a run's own network; it needs no other file and no network."""
