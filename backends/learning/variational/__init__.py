"""AI-Var: networks that infer the analysis, trained by the variational cost itself (Keller and Potthast, arXiv:2406.00390)."""
