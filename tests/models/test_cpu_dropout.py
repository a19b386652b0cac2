"""Dropout with a cheap mask: drops, scales and repeats as torch's own does."""

import pytest
import torch

from speakor_common.models.cpu_dropout import PackedDropout


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 1.0])
def test_packed_dropout_drops_scales_and_repeats_as_dropout_does(p):
    x = torch.full((7, 11, 1301), 2.0, requires_grad=True)
    drop = PackedDropout(p)
    torch.manual_seed(1)
    kept = drop(x)
    kept.sum().backward()
    assert (kept == 0).float().mean().item() == pytest.approx(p, abs=0.005)
    assert torch.allclose(
        kept[kept != 0], torch.tensor(2 / (1 - p) if p < 1 else 0.0)
    ) and torch.equal(x.grad, kept.detach() / 2)
    torch.manual_seed(1)
    assert torch.equal(drop(x), kept) and (not 0 < p < 1 or not torch.equal(drop(x), kept))
    assert drop.eval()(x) is x
    half = PackedDropout(p)(x.bfloat16())
    assert half.dtype is torch.bfloat16 and half.shape == x.shape
