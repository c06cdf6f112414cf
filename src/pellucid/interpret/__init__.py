"""Seeing what a trained network sees: filters, feature maps, maximisation, attribution."""
