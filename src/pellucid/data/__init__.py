"""Labelled images: where they come from, how they are held out, and how they reach the device."""
