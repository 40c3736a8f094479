"""Annotations of any number of documents: a shard in, a shard out, and every row once."""
