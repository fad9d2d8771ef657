"""Where what is opened comes from: the catalogue, the data folder, or a visitor's own files; called on the file thread."""

from pathlib import Path

from backends.fields.catalogue import Catalogue
from backends.fields.dataset import FieldDataset
from backends.fields.readers import open_dataset
from backends.fields.views import covered
from backends.observations.catalogue import observation_path
from backends.observations.readers import recognise
from backends.observations.readers.csv_preview import may_be_table
from dashboard.explore.observations.files import ObservationFile
from dashboard.explore.uploads import Uploads
from dashboard.explore.wanted import most_telling


class Sources:
    """Opens fields, and says which file holds observations."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.uploads = Uploads()

    def open(self, key: str) -> FieldDataset | ObservationFile:
        """Open what has a key: in the catalogue, of an uploaded file, or a path relative to the data folder.

        Raises
        ------
        InputError
            If there is none, or it cannot be read.
        """
        path, label = self._observed(key), key.removeprefix("uploaded ")
        if path is not None:
            return ObservationFile(path, label, key)
        uploaded = self.uploads.paths.get(key)
        dataset = self._catalogue.open(key) if uploaded is None else open_dataset(uploaded, label=label)
        covered(most_telling(dataset).mesh)  # found here, as it takes a second where a grid has millions of points
        return dataset

    def _observed(self, key: str) -> Path | None:
        if key not in self.uploads.paths:
            return observation_path(self._catalogue, key)
        path = self.uploads.written(key)
        return path if recognise(path) is not None or may_be_table(path) else None
