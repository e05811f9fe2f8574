"""Policy: the consumer's standing answer to the client's questions."""
