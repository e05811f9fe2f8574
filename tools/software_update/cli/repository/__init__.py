"""Parts of the commands for repositories. They are apart, because no other command needs tuf."""
