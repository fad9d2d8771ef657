"""The compute layer of Assimilab: tensors in, tensors out.

Nothing here knows of Panel, HoloViews or Bokeh. Importing this package, and everything numerical under it, needs
torch and numpy alone; file readers, which need xarray and its friends, live under :mod:`backends.fields` and are
imported where they are used.
"""

__version__ = "0.1.0"
