"""The client on a real machine: it runs the effects of the core."""
