"""The HTTP door: translates requests and answers, decides nothing."""
