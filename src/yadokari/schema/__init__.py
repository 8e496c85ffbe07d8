"""Collections, field types and their validation. Pure: no clock, socket, disk or await."""
