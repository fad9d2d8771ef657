"""What the Home page's help says, and what its tour points at."""

from dashboard.tour import Step

#: Heading, text, formula.
TOPICS = (
    (
        "What data assimilation is",
        "A forecast, the background x_b, and observations y are both wrong, each in its own way. The analysis x_a is the "
        "state that fits both best, weighted by the covariances B and R of their errors; H says what the observations "
        "would be if a state were true.",
        r"x_a=x_b+BH^T(HBH^T+R)^{-1}\,(y-H x_b)",
    ),
    (
        "Where to begin",
        "<b>Analysis</b> shows one such step, live under every slider. <b>Cycling</b> repeats it with a forecast model, "
        "with many methods on the same truth. <b>Training</b> lets networks learn it, <b>Rollout</b> says which forecast "
        "to believe, <b>Explore</b> shows the fields and the observations themselves.",
        "",
    ),
    (
        "Symbols",
        "They are those of Ide et al. (1997): x state, y observations, H observation operator, M model, B and R "
        "covariances of the errors of background and observations, d = y − H(x_b) innovation, also O−B. In pictures truth "
        "is green, the background orange, observations pink, the analysis blue.",
        "",
    ),
    (
        "Scenes",
        "Each opens a page with settings, a text, questions and what to try next. The key <b>P</b> makes everything large "
        "for a lecture hall; → and ← then go from scene to scene.",
        "",
    ),
    (
        "Addresses",
        "The address of a page holds all its settings. <b>Copy link</b> in the header copies it, and whoever opens it sees "
        "the same.",
        "",
    ),
    (
        "Data",
        "Files in the data folder of the server are listed below the scenes, with a way to look at them and, for fields, "
        "to analyse them. Nothing is changed in them and nothing is fetched from elsewhere.",
        "",
    ),
    (
        "References",
        "Ide, Courtier, Ghil, Lorenc (1997): Unified notation for data assimilation. <i>J. Meteor. Soc. Japan</i> 75, "
        "181–189.<br>Kalnay (2003): <i>Atmospheric Modeling, Data Assimilation and Predictability</i>. "
        "Cambridge.<br>Carrassi, Bocquet, Bertino, Evensen (2018): Data assimilation in the geosciences. <i>WIREs Climate "
        "Change</i> 9, e535.",
        "",
    ),
)

TOUR = (
    Step("nav.pages", "Five pages", "They follow the way from data to forecasts."),
    Step(
        ".cards", "Where to begin",
        "Analysis is a good first page: turn B, R and the observations, and the exact answer follows at once.",
    ),
    Step(".scenes", "Scenes", "Ready-made cases with a text and questions, for a lecture or to learn by oneself."),
    Step("table.data", "Data", "What the server has: look at it, or take it as the truth of an analysis."),
    Step("button[aria-label^=Help]", "Help", "Symbols, references and keys, and this tour again."),
)  # fmt: skip
