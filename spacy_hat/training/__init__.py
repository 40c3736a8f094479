"""Before and around `spacy train`: a config to begin with, and what a run would read."""
