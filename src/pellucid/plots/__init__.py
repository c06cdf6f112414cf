"""Figures from plain results; nothing else imports matplotlib. No display is needed."""
