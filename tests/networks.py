"""Random CTC networks of every architecture, small enough for seconds, as stock checkpoints."""

from pathlib import Path

import torch
from transformers import (
    AutoModelForCTC,
    Data2VecAudioConfig,
    HubertConfig,
    PreTrainedConfig,
    SeamlessM4TFeatureExtractor,
    Wav2Vec2BertConfig,
    Wav2Vec2BertProcessor,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Processor,
    WavLMConfig,
    WhisperConfig,
)

from speakor_common.models.jamo_tokenizer import jamo_tokenizer, jamo_vocabulary
from speakor_common.models.whisper_ctc_config import WhisperCTCConfig
from speakor_common.models.whisper_ctc_processor import ThinnedFeatureExtractor, WhisperCTCProcessor

SMALL = {
    "vocab_size": len(jamo_vocabulary()),
    "pad_token_id": 0,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "layerdrop": 0.5,
    "mask_time_length": 2,
}
SMALL_ENCODER = WhisperConfig(
    d_model=16, encoder_layers=2, encoder_attention_heads=2, encoder_ffn_dim=16
)
OF_WAVES = {"conv_dim": [8] * 7, "num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}
ARCHITECTURES = {
    "wav2vec2": Wav2Vec2Config(**SMALL, **OF_WAVES),
    "wav2vec2, layer norm": Wav2Vec2Config(
        **SMALL, **OF_WAVES, feat_extract_norm="layer", do_stable_layer_norm=True, conv_bias=True
    ),
    "hubert": HubertConfig(**SMALL, **OF_WAVES),
    "wavlm": WavLMConfig(**SMALL, **OF_WAVES, num_buckets=8),
    "data2vec": Data2VecAudioConfig(
        **SMALL, conv_dim=[8] * 7, num_conv_pos_embeddings=2, num_conv_pos_embedding_groups=2
    ),
    "w2v-BERT": Wav2Vec2BertConfig(**SMALL, feature_projection_input_dim=16),
    "Whisper's encoder": WhisperCTCConfig(
        encoder=SMALL_ENCODER.to_dict(), layers=[1, 2], width=16, hidden_dropout=0.1
    ),
}


def random_checkpoint(config: PreTrainedConfig, directory: Path) -> Path:
    """A stock checkpoint with random weights and the jamo vocabulary."""
    torch.manual_seed(0)
    AutoModelForCTC.from_config(config).save_pretrained(directory)
    tokenizer = jamo_tokenizer()
    if isinstance(config, Wav2Vec2BertConfig):
        extractor = SeamlessM4TFeatureExtractor(feature_size=8, num_mel_bins=8)
        Wav2Vec2BertProcessor(extractor, tokenizer).save_pretrained(directory)
    elif isinstance(config, WhisperCTCConfig):
        WhisperCTCProcessor(ThinnedFeatureExtractor(), tokenizer).save_pretrained(directory)
    else:
        extractor = Wav2Vec2FeatureExtractor(return_attention_mask=True)
        Wav2Vec2Processor(extractor, tokenizer).save_pretrained(directory)
    return directory
