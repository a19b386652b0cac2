"""Convolutions as matrix products: what stock wav2vec2 computes, of a batch or a clip alone."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2FeatureEncoder

from speakor_common.models.cpu_convolutions import MatmulFeatureEncoder, use_matmul_convolutions

SHORTEST = 400  # samples of one frame


def small(**changes) -> Wav2Vec2ForCTC:
    torch.manual_seed(1)
    config = Wav2Vec2Config(
        vocab_size=9, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2,
        **({"conv_dim": (6, 5, 7, 7, 8, 8, 9)} | changes),
    )  # fmt: skip
    model = Wav2Vec2ForCTC(config)
    norm = model.wav2vec2.feature_extractor.conv_layers[0].layer_norm
    torch.nn.init.uniform_(norm.weight, 0.5, 2.0)
    torch.nn.init.uniform_(norm.bias, -1.0, 1.0)
    return model


@pytest.fixture(scope="module")
def both() -> tuple[Wav2Vec2FeatureEncoder, MatmulFeatureEncoder]:
    stock = small()
    ours = copy.deepcopy(stock)
    use_matmul_convolutions(ours)
    return stock.wav2vec2.feature_extractor, ours.wav2vec2.feature_extractor


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 4), st.integers(SHORTEST, 9_000), st.integers(0, 2**32 - 1))
def test_features_are_those_of_stock_wav2vec2(both, clips, samples, seed):
    stock, ours = both
    waves = torch.randn(clips, samples, generator=torch.Generator().manual_seed(seed))
    expected, computed = stock(waves), ours(waves)
    assert computed.shape == expected.shape
    assert torch.allclose(computed, expected, atol=1e-4)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(SHORTEST, 9_000), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_a_clip_in_a_padded_batch_has_the_features_it_has_alone(both, lengths, seed):
    stock, ours = both
    random = torch.Generator().manual_seed(seed)
    waves = [torch.randn(length, generator=random) for length in lengths]
    batch = torch.nn.utils.rnn.pad_sequence(
        waves, batch_first=True, padding_value=3.0
    )  # whatever it is padded with
    with ours.counting(torch.tensor(lengths)):
        together = ours(batch)
    for features, wave in zip(together, waves, strict=True):
        alone = stock(wave[None])[0]
        assert torch.allclose(features[:, : alone.shape[1]], alone, atol=1e-4)


def test_gradients_are_those_of_stock_wav2vec2(both):
    stock, ours = (copy.deepcopy(encoder) for encoder in both)
    waves = torch.randn(3, 7_777)
    weights = torch.randn_like(stock(waves))
    for encoder in (stock, ours):
        (encoder(waves) * weights).sum().backward()
    for (name, expected), (_, computed) in zip(
        stock.named_parameters(), ours.named_parameters(), strict=True
    ):
        assert (computed.grad - expected.grad).norm() < 1e-4 * expected.grad.norm(), name


def test_a_filter_that_passes_little_is_normalised_as_exactly():
    stock = small()
    first = stock.wav2vec2.feature_extractor.conv_layers[0]
    with torch.no_grad():
        first.conv.weight.copy_(
            torch.tensor([1.0, -1.0] + [0.0] * 8)
        )  # differences of neighbours, of a slow and loud wave
    ours = copy.deepcopy(stock)
    use_matmul_convolutions(ours)
    waves = 30 + 10 * torch.sin(torch.arange(8_000) / 400)[None] + 1e-2 * torch.randn(1, 8_000)
    expected = copy.deepcopy(stock).double().wav2vec2.feature_extractor(waves.double())
    error = [
        (model.wav2vec2.feature_extractor(waves) - expected).abs().max() for model in (ours, stock)
    ]
    assert error[0] < max(1e-3, error[1])


def test_half_precision_is_as_close_to_full_as_stock_is(both):
    waves = torch.randn(2, 6_000)
    exact = both[0](waves)
    with torch.autocast("cpu", torch.bfloat16):
        stock, ours = (encoder(waves) for encoder in both)
    assert ours.dtype is stock.dtype
    assert (ours - exact).abs().mean() < 1.5 * (stock - exact).abs().mean()


def test_a_model_keeps_its_parameters_names_and_files(tmp_path):
    stock = small()
    ours = copy.deepcopy(stock)
    use_matmul_convolutions(ours)
    assert list(ours.state_dict()) == list(stock.state_dict())
    ours.save_pretrained(tmp_path)
    again = Wav2Vec2ForCTC.from_pretrained(tmp_path)
    assert type(again.wav2vec2.feature_extractor) is Wav2Vec2FeatureEncoder
    assert all(
        torch.equal(a, b)
        for a, b in zip(again.state_dict().values(), stock.state_dict().values(), strict=True)
    )


def test_a_frozen_encoder_gets_no_gradient():
    model = small()
    use_matmul_convolutions(model)
    model.train()
    encoder = model.wav2vec2.feature_extractor.requires_grad_(False)
    model(torch.randn(2, 5_000), labels=torch.ones(2, 3, dtype=torch.long)).loss.backward()
    assert (
        all(p.grad is None for p in encoder.parameters()) and model.lm_head.weight.grad is not None
    )


def test_a_checkpointed_encoder_gets_the_same_gradients():
    waves, gradients = torch.randn(2, 5_000), []
    for checkpointed in (False, True):
        model = small()
        use_matmul_convolutions(model)
        if checkpointed:
            model.gradient_checkpointing_enable()
        encoder = model.wav2vec2.feature_extractor.train()
        encoder(waves).square().sum().backward()
        gradients.append(torch.cat([p.grad.flatten() for p in encoder.parameters()]))
    assert (gradients[0] - gradients[1]).norm() < 1e-4 * gradients[0].norm()


@pytest.mark.parametrize(
    "changes",
    [{"feat_extract_norm": "layer"}, {"conv_bias": True}, {"conv_kernel": (10, 3, 3, 3, 3, 5, 2)}],
)
def test_other_shapes_stay_as_they_are(changes):
    model = (
        small(**changes)
        if "feat_extract_norm" not in changes
        else Wav2Vec2ForCTC(Wav2Vec2Config(**changes, num_hidden_layers=1))
    )
    use_matmul_convolutions(model)
    assert type(model.wav2vec2.feature_extractor) is Wav2Vec2FeatureEncoder
