"""Background errors learned from samples: NMC statistics, and a variational autoencoder that stands in for B^{1/2}."""
