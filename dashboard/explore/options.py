"""How the variables of a dataset are called in lists."""

from backends.fields.dataset import FieldDataset


def variable_options(dataset: FieldDataset) -> dict[str, str]:
    """Return the names of a dataset's variables, and after them of what can be derived, by what a person reads."""
    own = {v.title if v.title == v.name else f"{v.title} ({v.name})": v.name for v in dataset.variables.values()}
    derived = {f"{v.title} (derived, {v.attributes['derived_from']})": name for name, v in dataset.derived.items()}
    return own | derived
