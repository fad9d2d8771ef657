"""What is seen on the Cycling page, and what its numbers mean, with their formulas; and what the tour points at."""

from dashboard.tour import Step

#: Heading, text, formula.
TOPICS = (
    (
        "A cycle",
        "The truth goes on and is observed with errors. Each method forecasts with the forecast model, which gives the "
        "background, and takes the observations in, which gives the analysis; both are verified. All methods have the same "
        "truth and the same observations.",
        r"x_b=M(x_a),\qquad d=y-H(x_b),\qquad x_a=x_b+K\,d",
    ),
    (
        "Colours",
        "In pictures of states truth is green, the background orange, observations pink, the analysis blue. Where methods are "
        "compared, each has the colour of its card. A click on an entry of a legend hides what it names.",
        "",
    ),
    (
        "True and assumed",
        "The truth has the constants under <i>Truth</i>, and observations the errors <i>true σ_o</i>. What the methods believe "
        "are the sliders <i>Forecast model</i> and <i>σ_o assumed</i>. These and the settings of the methods can be changed "
        "while a race runs; each change leaves a mark.",
        "",
    ),
    (
        "Stations",
        "On the maps a click adds a station, a click on a station takes it away, and a drag moves it.",
        "",
    ),
    (
        "The ensemble close up",
        "Members before the analysis are hollow, those after it filled. A thin line joins the two where it is the same member: "
        "not after a random rotation or a resampling.",
        "",
    ),
    (
        "RMSE and spread",
        "The root of the mean squared error over the n components, and of the mean variance that the method expects; in the "
        "table they are averaged over the cycles after the spin-up. Where a method knows how good it is, the two agree.",
        # Squares, because the page shows no root signs.
        r"\mathrm{RMSE}^2=\tfrac1n\textstyle\sum_i (x_i-x^t_i)^2,\qquad "
        r"\mathrm{spread}^2=\tfrac1n\textstyle\sum_i P_{ii}",
    ),
    (
        "CRPS",
        "How far the expected distribution lies from the truth, mean over components; less is better. X, X′: two distinct "
        "members, which makes the score fair to small ensembles (Ferro, 2014); "
        "of a particle filter, drawn with its weights, they may be the same.",
        r"\mathrm{CRPS}=\mathrm E|X-x^t|-\tfrac12\,\mathrm E|X-X'|",
    ),
    (
        "χ²/p",
        "Squared innovations over what is expected, mean over the p observations. 1 where spread and σ_o are right; more: the "
        "method is too sure.",
        r"\chi^2/p=\tfrac1p\textstyle\sum_k d_k^2\,/\,(HPH^T+R)_{kk}",
    ),
    (
        "Desroziers estimates",
        "What innovations d_ob, residuals d_oa and increments d_ab at the observations suggest for σ_o and σ_b "
        "(Desroziers et al., 2005). Methods that assimilate nothing have none.",
        r"\mathrm E[d_{oa}d_{ob}^T]=R,\qquad \mathrm E[d_{ab}d_{ob}^T]=HBH^T",
    ),
    (
        "Rank histogram",
        "How often so many members are below the truth. Flat: the truth is like a member; ∪: too little spread; ∩: too much.",
        "",
    ),
    (
        "Inflation and rotation",
        "Deviations from the mean are multiplied by λ after the analysis, because small ensembles are too sure of themselves. "
        "A random rotation mixes the members and keeps mean and covariance.",
        r"X'\leftarrow\lambda X'\,\Omega,\qquad \Omega\Omega^T=I,\quad \Omega\mathbf 1=\mathbf 1",
    ),
    (
        "Localisation",
        "Covariances between places far apart are chance in a small ensemble. They, or the weights of far observations, are "
        "multiplied by the function of Gaspari and Cohn (1999), which is 0 from 3.64 r on.",
        "",
    ),
    (
        "Lost the truth",
        "Over 50 cycles the analyses were worse than the climate, or worse than half of it and three times the spread; or the "
        "state is not finite.",
        "",
    ),
)

TOUR = (
    Step("button[aria-label^=Start]", "Start", "Space starts and pauses the race, → takes a single cycle, R begins anew."),
    Step(
        ".sidebar", "Testbed and methods",
        "Choose the model, the network, and up to six methods: all forecast and analyse the same truth. Most settings turn "
        "while it runs, and leave a mark.",
    ),
    Step(
        ".bk-Figure", "The state",
        "Truth, background, analysis and members of one method, cycle by cycle; below, errors and spreads of all.",
    ),
    Step(
        ".MuiTabs-root", "Behind the race",
        "Diagnostics compare what methods expect with what happens; long runs go on without this page; File holds all "
        "settings.",
    ),
    Step(
        "button[aria-label^=Help]", "Help, keys, tour",
        "What is seen, with formulas and references; the keys of this page (also behind ?), and this tour again.",
    ),
)  # fmt: skip
