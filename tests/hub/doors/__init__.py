"""The doors of a built hub: HTTP, and the process that works behind it."""
