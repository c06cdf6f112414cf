"""The command line: one module a command, which reads arguments and prints; the work is done elsewhere."""

from pellucid.cli.app import main as main
