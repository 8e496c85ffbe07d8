"""Outgoing mail: over SMTP, or onto the terminal while nothing else is set up."""
