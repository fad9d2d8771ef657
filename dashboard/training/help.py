"""What is seen on the Training page, and what its numbers mean, with their formulas; and what the tour points at."""

from dashboard.tour import Step

#: Heading, text, formula.
TOPICS = (
    (
        "Runs",
        "A run trains on the server, outside this page: it goes on when the page is closed, and others wait for their turn. "
        "<b>Pause</b> lets it rest and lets the next one run. <b>Go on</b> begins a new run at the checkpoint of one that has "
        "ended, as if there had been no interruption. <b>Fine-tune</b> begins a new training with its weights and the settings "
        "of the controls.",
        "",
    ),
    (
        "Record",
        "<b>This server</b> lists what was trained here. <b>Another record</b> looks at an MLflow store that another program "
        "writes, and draws its metrics as they come; it is never changed. Parameters and tags are those that it recorded.",
        "",
    ),
    (
        "Loss",
        "The mean over a batch of new samples; no sample is seen twice. The pale line is what was reported, the other one its "
        "exponentially weighted mean; the division keeps its beginning at zero out of it.",
        r"m_k=\beta\,m_{k-1}+(1-\beta)\,\ell_k,\; m_0=0,\qquad "
        r"\text{shown: } \frac{m_k}{1-\beta^k},\quad \beta=1-1/\text{length}",
    ),
    (
        "AI-Var",
        "The loss is the variational cost of the network's analysis; an analysis is never given as a target.",
        r"J(x)=\tfrac12(x-x_b)^TB^{-1}(x-x_b)+\tfrac12(y-Hx)^TR^{-1}(y-Hx)",
    ),
    (
        "Normalised cost gap",
        "How far the network's analysis is from the minimum of J, on cases that it has not seen: 0 at the minimum, 1 at the "
        "background. Median and 95 % quantile of the validation cases.",
        r"\gamma=\frac{J(x_a)-J^*}{J(x_b)-J^*},\qquad J^*=\min_x J(x)",
    ),
    (
        "Costs and RMSE beside their references",
        "Full lines: the network on the validation cases, which are the same all the time. Dashed, in the same colour: what "
        "the exact minimum (3D-Var) has on them; grey: the background.",
        r"\mathrm{RMSE}^2=\tfrac1n\textstyle\sum_i (x_i-x^t_i)^2",
    ),
    (
        "Learning rate",
        "It falls along half a cosine from the first to the last iteration, to a hundredth.",
        r"\eta_k=\eta_0\,\bigl(0.01+0.99\cdot\tfrac12(1+\cos \pi k/K)\bigr)",
    ),
    (
        "Norm of the gradient",
        "Before it is shortened: gradients longer than 1 are shortened to 1.",
        "",
    ),
    (
        "Unseen cases",
        "Truth green, background orange, observations pink, network blue, the exact answer red and dashed. Maps of one case "
        "share their colours; those of differences are centred at zero.",
        "",
    ),
)

TOUR = (
    Step(".sidebar", "What is learned", "The task, the network and how it is trained; each control says what it does."),
    Step(
        "button[aria-label*=training]", "Start",
        "The run goes on when this page is closed. Loss, scores beside the exact answer, and pictures of unseen cases "
        "appear here.",
    ),
    Step(
        ".MuiTabs-root", "Runs",
        "All runs in a table: compare their curves, go on with one, fine-tune it; File holds all settings.",
    ),
    Step(
        "button[aria-label^=Help]", "Help, keys, tour",
        "What the curves and pictures mean, with formulas; the keys of this page (also behind ?), and this tour again.",
    ),
)  # fmt: skip
