"""LaTeX as one line of plain text, for places that show no mathematics, such as a link's title."""

import re
import unicodedata

SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "eta": "η", "theta": "θ", "lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "phi": "φ", "varphi": "φ", "omega": "ω", "Delta": "Δ", "Phi": "Φ",
    "Sigma": "Σ", "ell": "ℓ", "top": "T", "star": "*", "bigl": "", "bigr": "",
    "cdot": " · ", "times": " × ", "odot": " ⊙ ", "sim": " ~ ", "approx": " ≈ ", "pm": " ± ",
    "le": " ≤ ", "leq": " ≤ ", "ge": " ≥ ", "geq": " ≥ ", "ne": " ≠ ", "neq": " ≠ ",
    "in": " ∈ ", "to": " → ", "mid": " | ", "sum": "∑", "prod": "∏", "partial": "∂",
    "nabla": "∇", "infty": "∞", "dots": "…", "ldots": "…", "cdots": "…", "log": "log ",
    "ln": "ln ", "exp": "exp ", "max": "max ", "min": "min ", "left": "", "right": "", "quad": " ",
    ",": " ", ";": " ", ":": " ", " ": " ", "!": "", "{": "{", "}": "}", "|": "‖", "%": "%",
}  # fmt: skip
FONTS = {"mathrm", "mathbf", "mathbb", "mathcal", "mathit", "operatorname", "text", "boldsymbol"}
ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}  # combined with the letter before
SCRIPTS = {
    "^": str.maketrans("0123456789+-=()aintTxy", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃⁱⁿᵗᵀˣʸ"),
    "_": str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"),
}
NOT_AN_OPERAND = r"=<>≤≥≠≈~∈→×⊙·±|,;(+−\[{^_-"  # a sign behind one of these is no sum


def plain_math(tex):
    r"""LaTeX as plain text; ValueError for what has no plain form here.

    >>> plain_math(r"y = \frac{m\,x}{1-p}, \quad m \sim \mathrm{Bernoulli}(1-p)")
    'y = (m x)/(1 − p), m ~ Bernoulli(1 − p)'
    >>> plain_math(r"\hat y_{ij}^2 \ge 2^{n_k}")
    'ŷᵢⱼ² ≥ 2^nₖ'
    """
    tokens = re.findall(r"\\[A-Za-z]+\s*|\\.|.", tex, re.DOTALL)[::-1]  # the next one at the end
    try:
        text = _until(None, tokens)
    except IndexError:
        raise ValueError(f"an argument is missing in {tex!r}") from None
    except KeyError as unknown:
        raise ValueError(f"{unknown.args[0]} in {tex!r} has no plain form yet") from None
    text = re.sub(r"\s*([=<>])\s*", r" \1 ", text)
    text = re.sub(rf"(?<=[^\s{NOT_AN_OPERAND}])\s*([-+])\s*", r" \1 ", text)
    text = re.sub(r"\s+([),.;])|(?<=log|exp|max|min) (?=\()", r"\1", text)
    return unicodedata.normalize("NFC", " ".join(text.replace("-", "−").split()))


def _until(end, tokens):
    """What stands before the token ``end``, which is taken too; None: before the end of all."""
    text = ""
    while tokens and tokens[-1] != end:
        text += _next(tokens)
    if end:
        tokens.pop()
    return text


def _next(tokens):
    """One symbol, one group in braces, or one command with its arguments."""
    token = tokens.pop()
    if token == "{":
        return _until("}", tokens)
    if token in SCRIPTS:
        return _script(token, _argument(tokens))
    if not token.startswith("\\"):
        return token
    name = token[1:].strip() or " "
    if name in ("frac", "tfrac", "dfrac"):
        return f"{_operand(_argument(tokens))}/{_operand(_argument(tokens))} "
    if name == "sqrt":
        return f"√{_operand(_argument(tokens))}"
    if name in ACCENTS:
        return f"{_argument(tokens)}{ACCENTS[name]}"
    if name in FONTS:
        return _argument(tokens)
    if name not in SYMBOLS:
        raise KeyError(f"\\{name}")
    return SYMBOLS[name]


def _argument(tokens):
    while tokens[-1].isspace():
        tokens.pop()
    return _next(tokens)


def _script(sign, text):
    table = SCRIPTS[sign]
    return text.translate(table) if all(ord(c) in table for c in text) else sign + _operand(text)


def _operand(text):
    """A text that is one thing; several things get parentheses."""
    return text if re.fullmatch(r"\w+|.", text.strip()) else f"({text.strip()})"
