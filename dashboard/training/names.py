"""What the page calls metrics and scores; what is not listed is called by its key."""

#: Of metrics and scores, or of the part before or after the last underscore.
METRICS = {
    "loss": "loss",
    "j": "J",
    "jb": "J_b",
    "jo": "J_o",
    "rmse": "RMSE",
    "crps": "CRPS",
    "network": "network",
    "3dvar": "3D-Var",
    "background": "background",
    "reference": "reference",
    "sindy": "SINDy",
    "upwind": "upwind",
    "climate": "climate",
    "enkf": "EnKF",
    "etkf": "ETKF",
    "letkf": "LETKF",
    "pf": "PF",
    "kl": "KL",
    "free": "free run",
    "median": "median",
    "p95": "95 %",
    "exact": "exact",
    "bayes": "E[e|d]",
    "nmc": "NMC",
    "pca": "PCA",
    "modelled": "modelled B",
    "kriging": "kriging",
    "linear": "linear",
    "filter": "Kalman filter",
    "elbo": "bound on log p per point",
    "explained": "share of variance explained",
    "residual": "τ",
    "consistency": "2 J / p",
    "sondes": "radiosondes",
    "column": "unseen column",
    "cost_gap_median": "cost gap, median",
    "cost_gap_p95": "cost gap, 95 %",
    "cost_ratio": "J network / J exact",
    "learning_rate": "learning rate",
    "gradient_norm": "norm of the gradient",
    "samples_per_second": "samples per second",
    "memory_mb": "memory [MB]",
    "device_memory_mb": "device memory [MB]",
    "seconds": "seconds",
}


def metric_label(name: str) -> str:
    """Return what a person calls a metric, such as ``RMSE network``."""
    if name in METRICS:
        return METRICS[name]
    stem, underscore, tail = name.rpartition("_")
    if underscore and tail in METRICS:
        return f"{metric_label(stem)} {METRICS[tail]}"
    return " ".join(METRICS.get(word, word) for word in name.removesuffix("_term").split("_"))


def duration(seconds: float) -> str:
    """Return a time such as ``1 h 05 min``, ``3 min 20 s`` or ``12 s``."""
    whole = max(0, round(seconds))
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"
