"""Parts of the commands for transparency logs."""
