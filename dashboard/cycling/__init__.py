"""The Cycling page: methods race on one truth, live."""
