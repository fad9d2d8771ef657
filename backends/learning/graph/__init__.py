"""Fields reconstructed on graphs: nodes that are observed tell their neighbours, round by round."""
