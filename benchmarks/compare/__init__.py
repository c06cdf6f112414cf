"""Pellucid measured against what users would run instead: one module a section, JSON results, one page."""
