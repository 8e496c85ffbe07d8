"""How sphinx renders this folder; the pages are plain Markdown and read well without it."""

project = "Yadokari"
author = "The Yadokari authors"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Yadokari"
myst_heading_anchors = 3
