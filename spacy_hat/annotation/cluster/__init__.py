"""Annotations by Ray: the kernel's work in actors, on one machine or many."""
