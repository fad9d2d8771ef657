"""What the numbers of the Analysis page mean, with their formulas; and what the tour points at."""

from dashboard.tour import Step

#: Heading, sentence, formula.
TOPICS = (
    (
        "Cost and analysis",
        "The analysis minimises J: half the squared distance from the background, measured by B, plus half the squared "
        "distance from the observations, measured by R. For a linear H the minimum is known in closed form.",
        r"J(x)=\tfrac12 (x-x_b)^T B^{-1}(x-x_b)+\tfrac12 (y-H(x))^T R^{-1}(y-H(x)),"
        r"\quad x_a=x_b+BH^T S^{-1}d,\; S=HBH^T+R,\; d=y-Hx_b",
    ),
    (
        "Control variable",
        "Iterative solvers search for v, in which the background term is half the sum of squares.",
        r"x=x_b+B^{1/2}v,\qquad \nabla^2 J=I+(HB^{1/2})^T R^{-1} HB^{1/2}",
    ),
    (
        "χ²/p",
        "Twice the minimum of J, per observation. 1 on average where B and R are right.",
        r"\chi^2=2J_{\min}=d^T S^{-1} d,\qquad \mathrm E\,\chi^2=p,\quad \mathrm{var}\,\chi^2=2p",
    ),
    (
        "Degrees of freedom for signal",
        "How many numbers the observations determine. Its share by observation says which one mattered most.",
        r"\mathrm{DFS}=\mathrm{tr}(HK)=\mathrm{tr}(I-RS^{-1}),\qquad K=BH^TS^{-1}",
    ),
    (
        "Posterior standard deviation",
        "How wrong the analysis is expected to be, if B and R are right.",
        r"A=B-BH^TS^{-1}HB,\qquad \sigma_a^2=\mathrm{diag}\,A",
    ),
    (
        "Desroziers estimates",
        "What innovations d_ob, residuals d_oa and increments d_ab at the observations suggest for σ_o and σ_b "
        "(Desroziers et al., 2005).",
        r"\mathrm E[d_{oa}d_{ob}^T]=R,\qquad \mathrm E[d_{ab}d_{ob}^T]=HBH^T",
    ),
    (
        "Likelihood of the innovations",
        "How likely the innovations are, as draws of a Gaussian with covariance S. It needs no truth, and has a gradient.",
        r"-\log p(d)=\tfrac12 d^TS^{-1}d+\tfrac12\log\det S+\tfrac p2\log 2\pi",
    ),
    (
        "Floor of the eigenvalues",
        "White variance that makes B invertible. Eigenvalues are raised to the floor; on the sphere, and on the plane where it "
        "is added, all of them grow by it. Every method that is compared uses the same B.",
        r"\lambda_i\leftarrow\max(\lambda_i,\ \alpha\,\lambda_{\max})\quad\text{or}\quad"
        r"\lambda_i\leftarrow\lambda_i+\alpha\,\lambda_{\max}",
    ),
    (
        "Background check and Huber cost",
        "An observation is rejected where its innovation is larger than κ standard deviations of what is expected; the Huber "
        "cost counts large residuals linearly instead. χ²/p, the Desroziers estimates and the likelihood suppose a quadratic "
        "cost: with it they are not defined.",
        r"d_k^2>\kappa^2 S_{kk},\qquad \rho(r)=\tfrac12 r^2\ (|r|\le c),\quad c|r|-\tfrac12c^2\ (|r|>c)",
    ),
)

TOUR = (
    Step(
        ".sidebar", "B, R and H",
        "The case, and the sliders σ_b, L and σ_o. Every step of a slider is a new analysis, computed exactly.",
    ),
    Step(
        ".bk-Figure", "The pictures",
        "Truth is green, the background orange, observations pink, the analysis blue. Click to add or remove an "
        "observation, and drag one.",
    ),
    Step(
        ".facts", "Scores",
        "Errors of background and analysis, and χ²/p, which is about 1 where B and R are right. Point at a number: it says "
        "what it is.",
    ),
    Step(
        ".MuiTabs-root", "More views of the same analysis",
        "B and its eigenvalues, diagnostics, convergence, a surface of the score over two settings, two settings side by side.",
    ),
    Step(
        "button[aria-label^=Help]", "Help, keys, tour",
        "What each number means, with its formula; the keys of this page (also behind ?), and this tour again.",
    ),
)  # fmt: skip
