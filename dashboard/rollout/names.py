"""What the Rollout page calls models and scores."""

MODELS = {
    "perfect": "Perfect model",
    "wrong": "Wrong model",
    "network": "Trained network",
    "persistence": "Persistence",
    "climatology": "Climatology",
    "linear-inverse": "Linear inverse model",
}


def model_name(name: str) -> str:
    """Return what a person calls a model."""
    return MODELS.get(name, name.replace("-", " ").capitalize())
