"""Methods that are cycled: each turns a background and observations into an analysis, many experiments in one call."""
