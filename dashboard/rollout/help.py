"""What is seen on the Rollout page, and what its numbers mean, with their formulas; and what the tour points at."""

from dashboard.tour import Step

#: Heading, text, formula.
TOPICS = (
    (
        "A rollout",
        "All models begin with the same states and are run forward for the same time; each lead is verified with the "
        "truth. What a forecast says at a lead is valid at its start + lead.",
        r"x_f(t_0+\tau)=M_\tau(x_a(t_0)),\qquad e(\tau)=x_f(t_0+\tau)-x^t(t_0+\tau)",
    ),
    (
        "A place",
        "A click on a picture, or a town, chooses the point whose series are shown: the grid point with the least "
        "great-circle distance. Bands hold 10–90 % of the members, dashes mark the least and the greatest, bars are what "
        "came since the lead before. Arrows point where the wind blows to, north is up; those of a model are of its mean "
        "wind, its speed is the mean of the members' speeds.",
        "",
    ),
    (
        "Sums over time",
        "Archives have precipitation as a sum since their beginning. Maps and series show what came between a lead and "
        "the one before, which the first lead does not have, or since the start of the forecast. The scores are those of "
        "the archive's sums.",
        r"\Delta P(\tau_k)=P(\tau_k)-P(\tau_{k-1})",
    ),
    (
        "Starts and members",
        "Each start is the truth with an error; each of the N members adds another such error. An ensemble of a perfect "
        "model is then reliable: the truth is like one more member.",
        r"x_a=x^t+\varepsilon,\qquad x_a^{(i)}=x_a+\varepsilon^{(i)}",
    ),
    (
        "RMSE and spread",
        "The root of the mean squared error of the ensemble mean over components and starts, and of the mean variance of "
        "the members, enlarged for their finite number (Fortin et al., 2014). Where an ensemble knows how good it is, the"
        " two agree.",
        r"\mathrm{RMSE}^2=\tfrac1n\textstyle\sum_i w_i\,\bar e_i^{\,2},\qquad "
        r"\mathrm{spread}^2=\tfrac{N+1}{N}\textstyle\sum_i w_i\,\mathrm{var}_i",
    ),
    (
        "Anomaly correlation",
        "The correlation of forecast and true anomalies a, which are deviations from the climate, over the field, after "
        "the mean of both has been taken off. A forecast whose correlation is below 0.6 is not counted as useful: the "
        "<i>useful lead</i> is where it falls below.",
        r"\mathrm{ACC}=\frac{\sum w\,a_f a_t}{(\sum w\,a_f^2\,\sum w\,a_t^2)^{1/2}}",
    ),
    (
        "CRPS",
        "How far the members lie from the truth as a distribution; less is better. It is the fair score, that of "
        "infinitely many members on average (Ferro, 2014); of a single member the absolute error.",
        r"\mathrm{CRPS}=\tfrac1N\textstyle\sum_i|x_i-t|-\frac{1}{2N(N-1)}\sum_{i,j}|x_i-x_j|",
    ),
    (
        "Skill",
        "By how many percent the RMSE is below that of the baseline. 100 %: no error; below 0: worse than the baseline.",
        r"100\,(1-\mathrm{RMSE}/\mathrm{RMSE}_b)",
    ),
    (
        "Intervals",
        "Bands hold 90 % of what comes out when the starts are drawn again, with replacement, a thousand times. With a "
        "single start nothing is known of them.",
        "",
    ),
    (
        "Power spectra",
        "How the variance of a field is divided between waves; their sum is the variance. A mean of members, and a "
        "network that was trained for small errors, blur: short waves are missing. What is drawn is the mean over the "
        "members' own spectra.",
        "",
    ),
    (
        "Drift",
        "The change of a quantity since the start in parts of its size there, mean over the starts; bands hold all "
        "starts. Where the true model keeps it, drift is an error; where it does not, forecasts are to follow the truth.",
        "",
    ),
    (
        "Growth of small errors",
        "The rate at which pairs of forecasts part that differ by very little, after a transient, and the time in which "
        "errors double. In the long run the rate is the leading Lyapunov exponent (Benettin et al., 1980).",
        r"|\delta(t)|\approx|\delta(0)|\,e^{\lambda t},\qquad t_2=\ln 2/\lambda",
    ),
    (
        "Sensitivity",
        "The gradient of the root-mean-square error in a box at one lead with respect to the state that the forecast began "
        "with, by automatic differentiation through the model. Where it is large, an observation would have helped. Times the "
        "error of the start it says what that error did there, as long as errors are small.",
        r"g=\frac{\partial\,\mathrm{RMSE}}{\partial x_0}=\frac{M^\top W e(\tau)}{\mathrm{RMSE}},\qquad "
        r"\delta\mathrm{RMSE}\approx g\cdot\delta x_0",
    ),
    (
        "A model that ended",
        "A model whose states or errors stop being finite is out from that lead on; the others go on.",
        "",
    ),
    (
        "Colours",
        "The truth is green. Each model has the colour of its card. Colours of all maps of a row have the same limits, "
        "those of differences are white at 0. A click on an entry of a legend hides what it names.",
        "",
    ),
)

TOUR = (
    Step(
        ".sidebar", "Start and models",
        "A testbed or an archive of forecasts, and the models that begin with the same states.",
    ),
    Step("button[aria-label^=Run]", "Run", "Forecasts from many starts, verified with the truth lead by lead."),
    Step(
        ".MuiTabs-root", "Play, score, understand",
        "Play shows the forecasts beside the truth; then skill with intervals, spectra and conserved quantities, and where "
        "a better start would have helped.",
    ),
    Step(
        "button[aria-label^=Help]", "Help, keys, tour",
        "What is seen, with formulas and references; the keys of this page (also behind ?), and this tour again.",
    ),
)  # fmt: skip
