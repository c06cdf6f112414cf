"""The version, below everything else, so that any module may write it down."""

__version__ = "0.1.0"
