"""Fine-tuned heads: into a pipeline, and out of it."""
