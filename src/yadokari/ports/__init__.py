"""The Protocols that adapters implement, with their promises."""
