"""Command-line tools that keep the book in order."""
