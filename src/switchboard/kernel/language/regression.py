"""Logistic regression on sparse rows by stochastic gradient descent, in plain Python and the same every time.

It knows rows of numbered features and nothing of messages.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

_EPOCHS = 20
_FIRST_STEP = 2.0
_SEED = 20_26
_RENORMALISE_BELOW = 1e-6


@dataclass(frozen=True, slots=True)
class Block:
    """Features that all have the same value in one row."""

    features: Sequence[int]
    value: float


Row = Sequence[Block]


@dataclass(frozen=True, slots=True)
class Weights:
    bias: float
    by_feature: Sequence[float]

    def score(self, row: Row) -> float:
        """The log-odds the regression gives a row."""
        return self.bias + sum(
            block.value * sum(map(self.by_feature.__getitem__, block.features)) for block in row
        )


def fit(
    rows: Sequence[Row],
    targets: Sequence[bool],
    importances: Sequence[float],
    *,
    features: int,
    strength: float,
) -> Weights:
    """Weights that minimise the log-loss, each row counted by its importance, plus the ridge penalty.

    `strength` is the inverse of the penalty, as C elsewhere; the bias is not penalised. Steps shrink as 1/t
    (Bottou's schedule), and the weights are kept as `scale * raw`, so that the penalty costs one multiplication.
    """
    penalty = 1 / (strength * len(rows))
    raw, scale, bias, steps = [0.0] * features, 1.0, 0.0, 0
    order = list(range(len(rows)))
    chance = random.Random(_SEED)
    for _ in range(_EPOCHS):
        chance.shuffle(order)
        for index in order:
            rate = _FIRST_STEP / (1 + _FIRST_STEP * penalty * steps)
            steps += 1
            row = rows[index]
            score = bias + scale * sum(
                block.value * sum(map(raw.__getitem__, block.features)) for block in row
            )
            step = rate * importances[index] * (targets[index] - _probability(score))
            scale *= 1 - rate * penalty
            bias += 0.1 * step
            for block in row:
                change = step * block.value / scale
                for feature in block.features:
                    raw[feature] += change
            if scale < _RENORMALISE_BELOW:
                raw, scale = [weight * scale for weight in raw], 1.0
    return Weights(bias, [weight * scale for weight in raw])


def fit_line(
    scores: Sequence[float], targets: Sequence[bool], importances: Sequence[float]
) -> tuple[float, float]:
    """Slope and intercept that turn scores into calibrated log-odds (Platt's scaling, by Newton's method)."""
    slope, intercept = 0.0, 0.0
    for _ in range(50):
        gradient = [0.0, 0.0]
        curvature = [1e-9, 0.0, 1e-9]
        for score, target, importance in zip(scores, targets, importances, strict=True):
            likely = _probability(slope * score + intercept)
            error, spread = importance * (likely - target), importance * likely * (1 - likely)
            gradient[0] += error * score
            gradient[1] += error
            curvature[0] += spread * score * score
            curvature[1] += spread * score
            curvature[2] += spread
        determinant = curvature[0] * curvature[2] - curvature[1] ** 2
        if determinant <= 0:
            break
        slope -= (curvature[2] * gradient[0] - curvature[1] * gradient[1]) / determinant
        intercept -= (curvature[0] * gradient[1] - curvature[1] * gradient[0]) / determinant
    return slope, intercept


def _probability(log_odds: float) -> float:
    if log_odds < 0:
        return math.exp(max(log_odds, -700.0)) / (1 + math.exp(max(log_odds, -700.0)))
    return 1 / (1 + math.exp(-log_odds))
