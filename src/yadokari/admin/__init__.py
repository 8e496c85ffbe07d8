"""Admin pages; plain HTML until the full interface comes."""
