"""The search of the most probable parameters: textbook least squares, row by row."""

import numpy as np
import pytest

from dosimetry.physics.posterior.search import most_probable

# Residuals A p - b of three points, for rows with other b
A = np.array([[2.0, 1.0], [-1.0, 3.0], [0.5, 0.5]])
B = np.array([[3.0, 1.0, 2.0], [-40.0, 25.0, 8.0], [0.0, 0.0, 0.0]])


def linear(parameters, b=B):
    return [a[0] * parameters[0] + a[1] * parameters[1] - b[:, i] for i, a in enumerate(A)]


def test_linear_least_squares_has_the_textbook_solution():
    found, matrix = most_probable(linear, np.full((2, 3), 5.0))
    expected = [np.linalg.lstsq(A, b, rcond=None)[0] for b in B]
    np.testing.assert_allclose(found.T, expected, atol=5e-3)  # settled within 0.001 sd
    for each in matrix:
        assert each == pytest.approx(A.T @ A, rel=1e-6)  # half the second derivatives of the sum


def test_row_has_the_same_digits_alone_and_together():
    start = np.array([[5.0, -9.0, 0.0], [5.0, 30.0, 0.0]])
    together, matrix = most_probable(linear, start)
    for i in range(3):
        alone, own = most_probable(lambda p, i=i: linear(p, B[i : i + 1]), start[:, i : i + 1])
        assert alone[:, 0].tolist() == together[:, i].tolist()
        assert own[0].tolist() == matrix[i].tolist()


def test_bent_valley_is_followed_to_its_bottom():
    # Rosenbrock's valley, less deep, with its minimum at (1, 1), where the matrix is J^T J of
    # (2 (y - x^2), 1 - x)
    def valley(p):
        return [2.0 * (p[1] - p[0] ** 2), 1.0 - p[0]]

    found, matrix = most_probable(valley, np.array([[-1.2, 0.0], [1.0, 3.0]]))
    assert found == pytest.approx(np.ones((2, 2)), abs=5e-3)
    assert matrix[0] == pytest.approx(np.array([[17.0, -8.0], [-8.0, 4.0]]), rel=0.01)


def test_search_ends_at_the_lowest_point_it_has_seen():
    # the slope points over the edge of a step, where every trial is worse: it stays below
    def step(p):
        return [np.where(p[0] < 0.0, 100.0, 1.0 + p[0])]

    found, _ = most_probable(step, np.array([[0.5]]))
    assert 0.0 <= found[0, 0] <= 0.5
