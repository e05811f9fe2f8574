"""Facts about a release for consumers and auditors: its differences from another one, its page, its log."""
