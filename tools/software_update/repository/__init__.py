"""A TUF repository: publishing releases into it, and checking it."""
