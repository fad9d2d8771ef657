"""What the page calls keys of tasks, metrics and scores; what is not listed is called by its key."""

#: By the keys of sections with dots between them, or by the last one.
KEYS = {
    "background_error": "Background error B",
    "background_error.sigma": "σ_b",
    "background_error.length": "Length L",
    "observations": "Observations",
    "observations.sigma": "σ_o",
    "observations.count": "Number of observations",
    "network": "Network",
    "sigma": "σ",
    "length": "Length L",
    "floor": "Floor α",
    "minutes": "Most minutes",
    "length_z": "Vertical length L_z",
    "points": "Grid points n",
    "nx": "Grid points along x",
    "nz": "Grid points along z",
    "domain_width": "Width of the domain [km]",
    "domain_height": "Height of the domain [km]",
    "nmc_lag": "Lag of the NMC method",
    "noise": "True σ_o",
    "operator": "Operator H",
    "dt": "Time step Δt",
    "rho": "ρ",
    "beta": "β",
    "truth": "Truth",
    "model": "Forecast model",
    "members": "Particles N",
    "kl_weight": "Weight λ",
    "forecast_weight": "Weight μ",
    "mixture_width": "Width τ",
    "hidden": "Hidden channels",
    "path": "File",
    "periodic-1d": "Periodic line",
    "course-1d": "Line of the course",
    "xz-2d": "Vertical plane",
    "course-2d": "Plane of the course",
    "background": "Backgrounds",
    "mlp": "MLP",
    "control": "MLP to control space",
    "preconditioned": "Preconditioned descent",
    "steps": "Steps between observations",
    "snapshots": "Times of a trajectory",
    "times": "Times observed",
    "sonde_weight": "Weight α",
    "query_weight": "Weight β",
    "queries": "Places where the truth is shown",
    "plane": "Plane",
    "start_sigma": "Spread of the starts",
    "satellite": "Satellite",
    "heights": "Heights of the channels [km]",
    "depth": "Depth of the channels [km]",
    "radiosondes": "Radiosondes",
    "columns": "Radiosondes",
    "levels": "Levels",
    "unseen": "Unseen column [km]",
    "gap": "Strip about it [km]",
    "embedding": "Channels for radiosondes",
    "modes": "Functions of height",
    "nodes": "Nodes n",
    "neighbours": "Neighbours k",
    "shapes": "Fields",
    "gaussian-process": "Gaussian process",
    "waves": "Waves",
    "jitter": "Jitter of the nodes",
    "wavelength": "Wavelengths",
    "share": "Share observed",
    "rounds": "Rounds of messages",
    "latent": "Latent variables k",
    "errors": "Errors of backgrounds",
    "displacement": "Displaced bumps",
    "gaussian": "Gaussian",
}
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


def key_label(path: str) -> str:
    """Return what a person calls a key."""
    last = path.rpartition(".")[2]
    return KEYS.get(path) or KEYS.get(last) or last.replace("_", " ").replace("-", " ").capitalize()


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
