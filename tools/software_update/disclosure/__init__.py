"""What is disclosed about a release to consumers and auditors: its difference from another one."""
