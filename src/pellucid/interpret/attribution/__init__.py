"""Why this image got this answer: one method a module, and how far its map can be trusted."""
