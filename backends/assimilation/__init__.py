"""Methods that turn a background and observations into an analysis, and the experiments that try them."""
