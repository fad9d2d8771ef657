"""Scripts that drive the running app, and one that makes an asset."""
