"""What the Rollout page calls models and keys."""

from dashboard.names import key_label

MODELS = {
    "perfect": "Perfect model",
    "wrong": "Wrong model",
    "network": "Trained network",
    "persistence": "Persistence",
    "climatology": "Climatology",
    "linear-inverse": "Linear inverse model",
}

#: Keys that other pages call otherwise, or that have a unit here.
KEYS = {
    "steps": "Steps",
    "members": "Members N",
    "every": "Steps between leads",
    "starts": "Starts S",
    "start.analysis": "An analysis",
    "start.race": "Race",
    "perturbation.climate": "Like the climate, smaller",
    "perturbation.analysis": "As the analysis says",
    "perturbation.background": "Draws from B",
    "start.unseen": "Unseen part",
    "start.level": "Level",
    "start.member": "Member",
    "start.fields": "Fields",
    "start.dynamics.depth": "Mean depth [m]",
    "start.dynamics.jet": "Jet [m/s]",
    "start.dynamics.bump": "Bump [m]",
    "start.dynamics.u": "Wind u [m/s]",
    "start.dynamics.w": "Wind w [m/s]",
    "start.dynamics.width": "Width [km]",
    "start.dynamics.height": "Height [km]",
    "start.dynamics.source_strength": "Source A [1/s]",
    "start.dynamics.speed": "Speed c",
    "start.dynamics.start_sigma": "Spread of the drawn states",
}

#: What `start_sigma` does here, where nothing begins at a first guess as it does in a race.
DRAWN = (
    "Standard deviation of the states that are drawn for the starts, before the spin-up where the testbed has one. No error of "
    "the forecasts: that is set under Errors of the starts"
)


def key_of(key: str) -> str:
    """Return what a person calls a constant of a testbed."""
    return KEYS.get(f"start.dynamics.{key}") or key_label(key)


def model_name(name: str) -> str:
    """Return what a person calls a model."""
    return MODELS.get(name, name.replace("-", " ").capitalize())
