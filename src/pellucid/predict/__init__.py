"""A trained network as a function: from images to probabilities."""
