"""Pure functions from results to HoloViews elements, and the figures that show them live."""

import holoviews as hv

hv.extension("bokeh", logo=False)
# Drawing a few thousand shapes needs no WebGL, and without it four maps on one page all draw on every browser.
hv.renderer("bokeh").webgl = False
