"""Learning a linear intent model from examples, with scikit-learn, which serving never loads (extra `[train]`)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from switchboard.kernel.errors import Invalid, Unavailable
from switchboard.kernel.language.intents import pieces_of

_FOLDS = 4
_LEAST_NAMES = 3
_SEED = 20_26
_QUANTILE = 0.03
_SHARES = (0.6, 1.0)
"""What words and pairs count beside pieces of words: the rarer a word, the likelier a test sees it otherwise spelled."""
_FEW = 10
"""As many examples a name as make its middle count as much as what parts it from the others; with more it counts less."""


def learn(
    examples: Sequence[tuple[str, str]],
    *,
    strange: Sequence[str] = (),
    held_out: Sequence[tuple[str, str]] = (),
    strength: float = 1.0,
    least_worth: float = 0.002,
) -> dict[str, Any]:
    """The data file of a linear model for (text, name) examples; the same examples make the same file.

    `strange` are messages that are for nothing known. With them, and examples held out, the threshold is the one that
    is right most often over both (Larson et al., 2019); without, the one that three in a hundred examples fall below.
    Pieces worth less than `least_worth` for every name are left out.
    Raises Invalid for fewer than three intents, Unavailable without scikit-learn.
    """
    if len({name for _, name in examples}) < _LEAST_NAMES:
        raise Invalid("Too few intents to learn.", hint=f"Give examples of at least {_LEAST_NAMES}.")
    np, csr_matrix, hstack, linear_svc = _libraries()
    texts, names = [text for text, _ in examples], [name for _, name in examples]
    vectors = _Vectors(texts)
    matrix = vectors.matrix(texts, np, csr_matrix, hstack)
    model = _fit(matrix, np.array(names), np, linear_svc, strength)
    if held_out:
        distances = model.distances(vectors.matrix([text for text, _ in held_out], np, csr_matrix, hstack))
        truth = np.array([name for _, name in held_out])
    else:
        distances, truth = _crossed(matrix, names, np, linear_svc, strength)
    sharpness = _sharpness(distances, truth, model.names, np)
    familiarity = distances.max(axis=1)
    right = model.names[distances.argmax(axis=1)] == truth
    if strange:
        outside = model.distances(vectors.matrix(list(strange), np, csr_matrix, hstack)).max(axis=1)
        threshold = _best_threshold(familiarity, right, outside, np)
    else:
        threshold = float(np.quantile(familiarity[right], _QUANTILE))
    return {
        "names": [str(name) for name in model.names],
        "biases": [round(1000 * float(bias), 2) for bias in model.biases],
        "sharpness": round(sharpness, 3),
        "threshold": round(threshold, 4),
        "pieces": vectors.pieces(model.worths, least_worth),
    }


class _Planes(NamedTuple):
    """A hyperplane for each name: `worths` by name and piece."""

    names: Any
    worths: Any
    biases: Any

    def distances(self, matrix: Any) -> Any:
        return matrix @ self.worths.T + self.biases


def _fit(matrix: Any, names: Any, np: Any, linear_svc: Any, strength: float) -> _Planes:
    """Support vector machines, one name against the others, leaning towards the middle of each name's examples."""
    model = linear_svc(C=strength, random_state=_SEED).fit(matrix, names)
    middles = np.vstack([np.asarray(matrix[names == name].mean(axis=0)) for name in model.classes_])
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    share = min(1.0, _FEW * len(model.classes_) / len(names))
    return _Planes(model.classes_, model.coef_ + share * middles, model.intercept_)


class _Vectors:
    """The pieces of a set of texts with their weights by rarity; words and letters each as long as their share."""

    def __init__(self, texts: Sequence[str]) -> None:
        seen = [Counter[str](), Counter[str]()]
        for text in texts:
            for place, block in enumerate(pieces_of(text)):
                seen[place].update(block.keys())
        count = len(texts)
        self._rarity = [
            {piece: math.log((1 + count) / (1 + held)) + 1 for piece, held in sorted(each.items())}
            for each in seen
        ]
        self._places = [{piece: place for place, piece in enumerate(each)} for each in self._rarity]

    def matrix(self, texts: Sequence[str], np: Any, csr_matrix: Any, hstack: Any) -> Any:
        blocks = []
        counted = [pieces_of(text) for text in texts]
        for place in (0, 1):
            values: list[float] = []
            columns: list[int] = []
            ends = [0]
            for pieces in counted:
                row = [
                    (self._places[place][piece], (1 + math.log(count)) * self._rarity[place][piece])
                    for piece, count in pieces[place].items()
                    if piece in self._places[place]
                ]
                norm = math.sqrt(sum(value * value for _, value in row)) or 1.0
                columns.extend(column for column, _ in row)
                values.extend(_SHARES[place] * value / norm for _, value in row)
                ends.append(len(columns))
            blocks.append(csr_matrix((values, columns, ends), shape=(len(texts), len(self._places[place]))))
        return hstack(blocks).tocsr()

    def pieces(self, worth: Any, least: float) -> dict[str, Any]:
        """The pieces that are worth something, with their rarity and worth in thousandths, their share within."""
        found, offset = {}, 0
        for share, rarity in zip(_SHARES, self._rarity, strict=True):
            for place, (piece, weight) in enumerate(rarity.items()):
                column = share * worth[:, offset + place]
                if abs(column).max() >= least:
                    found[piece] = [round(1000 * weight), [round(1000 * float(each)) for each in column]]
            offset += len(rarity)
        return found


def _crossed(matrix: Any, names: Sequence[str], np: Any, linear_svc: Any, strength: float) -> tuple[Any, Any]:
    """Distances of examples from models that did not see them."""
    order = np.random.default_rng(_SEED).permutation(len(names))
    truth, every = np.array(names), sorted(set(names))
    distances = np.full((len(names), len(every)), -1.0)
    for fold in range(_FOLDS):
        out = order[fold::_FOLDS]
        inside = np.setdiff1d(order, out)
        model = _fit(matrix[inside], truth[inside], np, linear_svc, strength)
        columns = [every.index(name) for name in model.names]
        distances[np.ix_(out, columns)] = model.distances(matrix[out])
    return distances, truth


def _sharpness(distances: Any, truth: Any, classes: Any, np: Any) -> float:
    """The factor under which confidences are as often right as they say: least log-loss over a grid."""
    places = np.array([list(classes).index(name) for name in truth])

    def loss(factor: float) -> float:
        scaled = factor * distances
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        shares = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-shares[np.arange(len(places)), places].mean())

    return float(min((factor / 4 for factor in range(4, 81)), key=loss))


def _best_threshold(inside: Any, right: Any, outside: Any, np: Any) -> float:
    candidates = np.unique(np.concatenate([inside, outside]))
    hits = [(right & (inside >= each)).sum() + (outside < each).sum() for each in candidates]
    return float(candidates[int(np.argmax(hits))])


def _libraries() -> tuple[Any, Any, Any, Any]:
    try:
        import numpy as np
        from scipy.sparse import csr_matrix, hstack
        from sklearn.svm import LinearSVC
    except ImportError as error:
        raise Unavailable(
            "Learning needs scikit-learn, which is not installed.", hint="pip install 'switchboard[train]'"
        ) from error
    return np, csr_matrix, hstack, LinearSVC
