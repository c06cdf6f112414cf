"""The run folder, through which commands speak to each other; readable without torch."""
