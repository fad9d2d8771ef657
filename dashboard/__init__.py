"""What a person sees: Panel pages on reactive param objects. Nothing is computed here; see :mod:`backends`."""

import panel_material_ui  # noqa: F401  restyles every later page of the process, so it comes before any page
