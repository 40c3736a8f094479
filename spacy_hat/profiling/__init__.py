"""How fast a pipeline reads, and what its time goes to."""
