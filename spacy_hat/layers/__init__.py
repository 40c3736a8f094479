"""The encoder and the heads as thinc layers."""
