"""What a field is compared with: another time, level or member, a mean, another variable, or another dataset."""

from backends.fields.catalogue import Catalogue
from backends.fields.climatology import same_month
from backends.fields.dataset import FieldDataset
from backends.fields.field import Axis, Field
from backends.fields.overlays.asked import alike

#: Kinds of partners; the first two go on with the name of an axis, and such a name alone stands for another index on it.
MEAN, MONTH, VARIABLE, DATASET = "mean over", "calendar month of", "variable", "dataset"


def partner(dataset: FieldDataset, first: Field, kind: str, choice: int | str, catalogue: Catalogue | None = None) -> Field:
    """Return the field that another one is compared with.

    Parameters
    ----------
    dataset, first
        The field, and what it is of.
    kind, choice
        One of the kinds, and which: an index on the axis, the name of a variable, the key of a dataset; of means nothing.
    catalogue
        Where another dataset is.

    Raises
    ------
    InputError
        If there is no such field at the time, level and member of the first.
    """
    name, at = first.variable.name, dict(first.selection)
    if kind == VARIABLE:
        return dataset.field(str(choice), alike(dataset, str(choice), first))
    if kind == DATASET:
        assert catalogue is not None
        other = catalogue.open(str(choice))
        same = _same(other, first)
        return other.field(same, alike(other, same, first))
    if kind.startswith(MEAN):
        return dataset.mean_field(name, _axis(first, kind.removeprefix(f"{MEAN} ")), at)
    if kind.startswith(MONTH):
        over = _axis(first, kind.removeprefix(f"{MONTH} "))
        return dataset.mean_field(name, over, at, *same_month(over, at[over.name]))
    return dataset.field(name, {**at, kind: int(choice)})


def _axis(field: Field, name: str) -> Axis:
    return next(axis for axis in field.variable.axes if axis.name == name)


def _same(other: FieldDataset, field: Field) -> str:
    """Return the name of the variable of another dataset that is of the same kind."""
    variable, known = field.variable, {**other.variables, **other.derived}
    standard = (v.name for v in known.values() if variable.standard_name and v.standard_name == variable.standard_name)
    return other.variable(next(standard, variable.name)).name
