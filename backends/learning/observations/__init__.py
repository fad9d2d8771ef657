"""From observations to later observations on the advection–diffusion plane: what is observed, the network, the references."""
