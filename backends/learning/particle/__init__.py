"""The AI particle filter: a network that moves particles, trained by observations and a Gaussian mixture alone."""
