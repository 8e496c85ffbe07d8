"""Yadokari: an application backend that starts in the smallest shell and moves into bigger ones."""
