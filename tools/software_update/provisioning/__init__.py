"""Disk images for the factory: partitions, slots, and the state of a device that has never started."""
