"""Pipelines for others: a model card, and the way to Hugging Face's hub."""
