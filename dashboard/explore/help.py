"""What is seen on the Explore page, what its numbers mean, and what its tour points at."""

from dashboard.tour import Step

#: Heading, text, formula.
TOPICS = (
    (
        "The map",
        "Each pixel has the value of the grid cell that it lies in; nothing is interpolated or smoothed, and gray is "
        "missing. The wheel zooms, a drag moves the map or turns the globe, and where the grid has more cells than the "
        "screen pixels, a closer look reads more of them. A click picks a place, whose series or profile is drawn.",
        "",
    ),
    (
        "Colour limits",
        "<b>All times</b>: they hold the values of all times and members at this level, so that playing does not change "
        "what a colour means. <b>This field</b>: only what is shown. Quantities with a sign have limits that are symmetric "
        "about zero.",
        "",
    ),
    (
        "Derived variables",
        "Wind speed, vorticity, potential temperature and others are computed from the variables of the file where it has what "
        "they need. Winds along the rows of a turned grid are turned to east and north first. p₀ is 1000 hPa.",
        r"\zeta=\frac{1}{a\cos\varphi}\Big(\frac{\partial v}{\partial\lambda}"
        r"-\frac{\partial(u\cos\varphi)}{\partial\varphi}\Big),\quad \theta=T\,(p_0/p)^{R/c_p}",
    ),
    (
        "Means and differences",
        "Means over bands, regions and the whole field are weighted by the area a_i of the cells, on latitude–longitude "
        "grids by cos φ. Directions have the mean of their unit vectors, and their differences go the shorter way round, from "
        "−180° to 180°. <b>Compare</b> puts another field on the grid of the first, bilinearly or by the nearest cell, "
        "and in its unit.",
        r"\bar x=\frac{\sum_i a_i\,x_i}{\sum_i a_i},\qquad \mathrm{RMSE}^2=\frac{\sum_i a_i\,(x_i-z_i)^2}{\sum_i a_i}",
    ),
    (
        "Ensembles",
        "Mean and spread of the m members at each point, and the share of them beyond a threshold. The spread of directions is "
        "√(−2 ln R), with the length R of their mean vector (Mardia and Jupp, 2000).",
        r"s^2=\frac{1}{m-1}\sum_{k=1}^m (x_k-\bar x)^2",
    ),
    (
        "Power spectrum",
        "How the variance of the field is divided between waves, by the zonal wavenumber, by total wavenumber n on the "
        "globe, or by the cosine transform of a region (Denis et al., 2002). Slopes of −3 and −5/3 are drawn to compare. The "
        "sum over n ≥ 1 is the variance over the globe, weighted by area, but for waves shorter than the last; the sum over "
        "zonal wavenumbers that about the mean of each circle of latitude, weighted by cos φ; the sum of a cosine transform "
        "that of the grid points, all alike, but for the corners of the square of wavenumbers.",
        r"P_n=\sum_{m}|c_{mn}|^2,\qquad \sum_{n\ge 1} P_n=\mathrm{var}\,x",
    ),
    (
        "Suspicious values",
        "Fill values that the file does not declare, infinities, and outliers: more than five spreads from the median. The "
        "spread is 1.4826 times the median absolute deviation, which is the standard deviation where values are normally "
        "distributed.",
        r"|x-\mathrm{med}|>5\cdot 1.4826\;\mathrm{med}\,|x-\mathrm{med}|",
    ),
    (
        "Observations",
        "O−B is the observation minus its model equivalent before the analysis, O−A the same after it. A box on the map or "
        "a bar of a histogram chooses; all views then show the same observations, and a chip above the map takes the "
        "choice back. Against a field, H is bilinear in latitude and longitude, linear in log p between levels, and in "
        "time nearest or linear. A field at no level is that of observations without one, a field at one level that of "
        "observations there; all others have no H(x).",
        r"d=y-H(x_b),\qquad r=y-H(x_a)",
    ),
    (
        "What is read",
        "A map reads one field, a section or a region the cells that it holds. The tab <b>Chunks</b> shows how the file is "
        "cut and what the last map and the last series have cost.",
        "",
    ),
)

TOUR = (
    Step(
        ".sidebar", "What is shown",
        "Choose a dataset, a variable, a level and a map projection; open a file by its path, or drop one.",
    ),
    Step(
        ".bk-Figure", "The map",
        "The wheel zooms and a drag moves. Click a place: its series appears beside the map, and moves along with the time.",
    ),
    Step(
        ".player, [aria-label=\"Time\"]", "Through time",
        "Play the times of the file, or step with the keys ← and →; ↑ and ↓ change the level.",
    ),
    Step(
        ".MuiTabs-root", "More views of the same field",
        "Differences, ensembles, zonal means, sections, profiles, regions, statistics. Each is computed when you open it.",
    ),
    Step(
        "button[aria-label^=Help]", "Help, keys, tour",
        "Formulas and references, the keys of this page (also behind ?), and this tour again.",
    ),
)  # fmt: skip
