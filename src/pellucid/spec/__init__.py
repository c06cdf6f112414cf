"""What to build and how to train it: frozen, validated specifications that need no torch."""
