"""The command `software-update-client`: the client in this process, or that of the service."""
