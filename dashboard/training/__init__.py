"""The Training page: networks are trained on the server, watched, compared and kept."""
