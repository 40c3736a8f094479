"""What spaCy's pipelines and training need beside models: the `hat` factory, the sentence suggester, the optimizer."""
