"""How the variables of a dataset are called in lists."""

from backends.fields.dataset import FieldDataset
from backends.fields.field import Variable


def variable_label(variable: Variable) -> str:
    """Return what a variable is called in a list: its title, and its name in the file where that is another."""
    return variable.title if variable.title == variable.name else f"{variable.title} ({variable.name})"


def variable_options(dataset: FieldDataset) -> dict[str, str]:
    """Return the names of a dataset's variables, and after them of what can be derived, by what a person reads."""
    own = {variable_label(v): v.name for v in dataset.variables.values()}
    derived = {f"{v.title} (derived, {v.attributes['derived_from']})": name for name, v in dataset.derived.items()}
    return own | derived
