"""What testbeds, their constants and the methods are called on the page."""

#: Groups of methods in the order in which the list offers them.
METHODS = {
    "Baselines": {"free": "Free run", "climatology": "Climatology", "oi": "Optimal interpolation"},
    "Variational": {"3dvar": "3D-Var", "4dvar": "4D-Var", "weak-4dvar": "Weak-constraint 4D-Var"},
    "Kalman": {"kf": "Kalman filter", "ekf": "Extended Kalman filter"},
    "Ensemble": {
        "enkf": "EnKF, perturbed observations", "etkf": "ETKF", "denkf": "DEnKF", "ensrf": "Serial EnSRF", "letkf": "LETKF",
        "enkf-n": "Finite-size EnKF-N", "ienks": "IEnKS",
    },
    "Hybrid": {"envar": "EnVar", "hybrid": "Hybrid EnVar"},
    "Particles": {"pf": "Particle filter", "lpf": "Local particle filter", "network": "AI particle filter, trained"},
    "From observations only": {"origen": "ORIGEN"},
}  # fmt: skip

#: Short labels of the settings of methods and testbeds.
LABELS = {
    "members": "Members N", "inflation": "Inflation", "prior_inflation": "Prior inflation", "additive": "Additive noise",
    "relaxation": "Relaxation to prior spread", "rotation": "Random rotation", "scale": "B scale", "length": "B length",
    "window": "Window [cycles]", "outer": "Outer loops", "inner": "Inner iterations", "tolerance": "Tolerance",
    "model_error_scale": "Q scale", "model_error": "Model error", "lag": "Lag [cycles]", "static_weight": "β_s² (static)",
    "ensemble_weight": "β_e² (ensemble)", "regularisation": "Regularisation", "resample_below": "Resample below N_eff/N",
    "radius": "Radius r", "mode": "Mode", "adaptive": "Adaptive widening",
    "static": "B begins as", "covariance_update": "B ← (I − KH) B",
    "period": "Period", "sigma": "σ", "rho": "ρ", "beta": "β", "forcing": "Forcing F",
    "u": "Wind u", "w": "Wind w", "source_strength": "Source A", "speed": "Speed c", "jet": "Jet", "depth": "Depth",
    "points": "Points n", "dt": "Step Δt", "start_sigma": "First-guess error",
}  # fmt: skip


def method_name(name: str) -> str:
    """Return what a person calls a method."""
    return next((group[name] for group in METHODS.values() if name in group), name)


def label(key: str) -> str:
    """Return the label of a setting."""
    return LABELS.get(key, key.replace("_", " ").capitalize())
