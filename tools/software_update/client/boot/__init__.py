"""Boot control: which slot starts next, and what the boot loader did."""
