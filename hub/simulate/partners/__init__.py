"""The partners themselves. Each has a log of its own and knows only its own side: what it sent, what it was told, what it got."""
