"""Whisper's encoder cut to the clips, with subsampled padding; on a random two-layer model."""

import pytest
import torch
from transformers import WhisperForConditionalGeneration

from speakor_common.models import short_context
from speakor_common.models.short_context import (
    frames_for,
    positions_for,
    positions_in,
    shortened_context,
)
from tests.builders import tiny_whisper


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_whisper(tmp_path_factory.mktemp("whisper"))


def forward(model, frames):
    torch.manual_seed(1)
    return model(
        input_features=torch.randn(2, 80, frames).to(model.dtype),
        labels=torch.tensor([[5, 6, 7], [8, 9, -100]]),
    ).loss


def test_short_context_is_cut_and_restored_also_after_an_error(base):
    model = WhisperForConditionalGeneration.from_pretrained(base)
    before = model.model.encoder.embed_positions.weight.clone()
    with pytest.raises(RuntimeError), shortened_context(model, 100) as frames:
        assert frames == 296 and forward(model, 296).item() > 0
        raise RuntimeError
    assert torch.equal(model.model.encoder.embed_positions.weight, before)
    assert model.config.max_source_positions == 1500 and forward(model, 3000).item() > 0


@pytest.mark.parametrize(("seconds", "positions"), [(0.4, 50), (6.0, 300), (6.1, 350), (40, 1500)])
def test_positions(seconds, positions):
    assert positions_for(seconds) == positions == positions_in(frames_for(positions))


@pytest.mark.parametrize("positions", [50, 1400, 1452, 1480, 1500])
@pytest.mark.parametrize("draw", [None, 1])
def test_padding_positions_are_in_order_and_count_for_all_padding(positions, draw):
    chosen, scores = short_context._subsampled(positions, 1500, draw)
    assert (
        chosen[:positions].tolist() == list(range(positions))
        and (chosen.diff() > 0).all()
        and chosen[-1] == 1499
    )
    most = short_context.PADDING_POSITIONS
    assert draw or len(chosen) == min(1500, positions + most)
    assert positions <= len(chosen) <= positions + 4 * most
    assert (
        scores.exp().sum().item() == pytest.approx(1500, rel=1e-5)
        and (scores[..., :positions] == 0).all()
    )


def test_features_are_cut_or_their_padding_carried_on():
    features = torch.randn(2, 80, 10)
    longer = short_context.with_padding(features, 13)
    assert (
        torch.equal(longer[..., :10], features) and (longer[..., 10:] == features[..., -1:]).all()
    )
    assert torch.equal(short_context.with_padding(features, 4), features[..., :4])


def test_subsampled_padding_stands_for_all_of_it(base):
    model = WhisperForConditionalGeneration.from_pretrained(base).eval()
    torch.manual_seed(1)
    features, tokens = torch.full((1, 80, 3000), -0.5), torch.tensor([[257, 5, 6]])
    features[..., :150] = torch.randn(80, 150)

    @torch.inference_mode()
    def outputs(positions, padding):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(short_context, "PADDING_POSITIONS", padding)
            with shortened_context(model, positions) as frames:
                return model(input_features=features[..., :frames], decoder_input_ids=tokens).logits

    full = outputs(1500, 0)
    apart = [(outputs(100, padding) - full).abs().max().item() for padding in (1, 48, 1400)]
    assert (
        apart[2] < 1e-4 < apart[1] < apart[0]
    )  # all positions are the stock model, and some are nearer to it than one
