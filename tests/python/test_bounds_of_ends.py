"""Bounds where a function is flat: what cannot move has no error, and its row is compared."""

import numpy as np
from bascule.ops.rules import EPS
from test_bounds import bound_of


def test_what_stays_beyond_an_end_of_clip_is_exact():
    ends = {"low": np.array([0.0]), "high": np.array([1.0])}
    bound = bound_of("clip", [[-2.0], [0.5], [1e-9]], [[0.0], [0.5], [1e-9]], 1e-6, **ends)
    assert bound.error[0, :, 0].tolist() == [0.0, 1e-6, 1e-6]


def test_a_saturated_sigmoid_is_exact_on_every_machine():
    bound = bound_of("sigmoid", [[50.0], [-800.0], [0.0]], [[1.0], [0.0], [0.5]], 1e-3)
    assert bound.error[:, :2].tolist() == [[[0.0], [0.0]], [[0.0], [0.0]]]
    assert bound.error[0, 2, 0] > 2e-4


def test_a_sum_of_zeros_is_exact():
    assert not bound_of("reduce", [[0.0, 0.0]], [[0.0]], how="sum").error.any()


def test_the_largest_share_falls_by_no_more_than_the_others_can_rise():
    far = bound_of("softmax", [[1e20, -1e20]], [[1.0, 0.0]], 1e5)
    assert far.error[0, 0, 0] <= 10 * EPS
    assert far.error[0, 0, 1] == 0.0
    near = bound_of("softmax", [[0.0, -1.0]], [[0.731, 0.269]], 0.1)
    assert near.error[0, 0, 0] >= 1 / (1 + np.exp(-1.2)) - 1 / (1 + np.exp(-1.0))
    assert near.error[0, 0, 1] >= 1 / (1 + np.exp(0.8)) - 1 / (1 + np.exp(1.0))


def test_a_share_that_vanished_may_be_lifted():
    bound = bound_of("softmax", [[0.0, -746.0]], [[1.0, 0.0]], 2.0)
    assert bound.error[0, 0, 1] >= np.exp(-744.0) > 0
