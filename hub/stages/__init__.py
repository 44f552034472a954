"""The steps of a message's path, one file each; ``hub/flow.py`` shows their order."""
