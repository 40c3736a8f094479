"""The machine that all of this runs on: processor, memory, clock, disk."""
