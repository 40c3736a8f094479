"""Where a new HAT comes from: an ordinary encoder, or texts alone."""
