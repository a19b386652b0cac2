"""A quantised network rewritten with plain and Fourier convolutions says the same."""

import numpy as np
import pytest

from speakor_common.shipped.synthesis.fast_convolutions import FourierBlocks, rewrite

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


@pytest.mark.parametrize(("width", "outputs"), [(7, 18), (11, 20), (3, 8)])
def test_blocks_are_the_correlation(width, outputs):
    rng = np.random.default_rng(width)
    blocks = FourierBlocks.make(width, outputs)
    inputs = rng.standard_normal(outputs + width - 1)
    kernel = rng.standard_normal(width)

    products = (blocks.of_inputs @ inputs) * (blocks.of_kernel @ kernel)
    expected = np.correlate(inputs, kernel, "valid")
    assert blocks.to_outputs @ products == pytest.approx(expected, abs=1e-5)
    assert len(blocks.of_inputs) < 2.3 * outputs


def test_an_odd_block_is_refused():
    with pytest.raises(ValueError, match="odd block"):
        FourierBlocks.make(7, 17)


def quantised_network(width: int, dilation: int, channels: int = 64) -> bytes:
    """One convolution over time as dynamic quantisation packs it, its bias quantised too."""
    rng = np.random.default_rng(width * dilation)
    weight = rng.integers(1, 255, (channels, channels, width)).astype(np.uint8)
    constants = {
        "w_quantized": weight,
        "w_zero": np.array(128, np.uint8),
        "w_scale": np.array(0.002, np.float32),
        "bias": rng.standard_normal(channels).astype(np.float32),
        "shape": np.array([1, -1, 1]),
    }
    node = onnx.helper.make_node
    margin = dilation * (width - 1) // 2
    nodes = [
        node("DynamicQuantizeLinear", ["x"], ["xq", "xs", "xz"], name="quantise"),
        node("Mul", ["xs", "w_scale"], ["scale"], name="scales"),
        node(
            "ConvInteger",
            ["xq", "w_quantized", "xz", "w_zero"],
            ["product"],
            name="convolution",
            dilations=[dilation],
            group=1,
            kernel_shape=[width],
            pads=[margin, margin],
            strides=[1],
        ),
        node("Div", ["bias", "scale"], ["bias_divided"], name="divide"),
        node("Floor", ["bias_divided"], ["bias_floor"], name="floor"),
        node("Cast", ["bias_floor"], ["bias_cast"], name="cast_bias", to=onnx.TensorProto.INT32),
        node("Reshape", ["bias_cast", "shape"], ["bias_shaped"], name="reshape_bias"),
        node("Add", ["product", "bias_shaped"], ["with_bias"], name="add"),
        node("Cast", ["with_bias"], ["as_float"], name="cast", to=onnx.TensorProto.FLOAT),
        node("Mul", ["as_float", "scale"], ["y"], name="rescale"),
    ]
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "network",
        [value("x", onnx.TensorProto.FLOAT, [1, channels, "time"])],
        [value("y", onnx.TensorProto.FLOAT, [1, channels, "time"])],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = onnx.helper.make_opsetid("", 17)
    return onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()


@pytest.mark.parametrize(("width", "dilation"), [(7, 1), (11, 5), (11, 1), (3, 1)])
@pytest.mark.parametrize("time", [1, 97, 500])
def test_the_rewritten_network_says_the_same(tmp_path, width, dilation, time):
    packed = quantised_network(width, dilation)
    rewritten = rewrite(packed, tmp_path / "network.onnx").read_bytes()
    kinds = {node.op_type for node in onnx.load_from_string(rewritten).graph.node}
    assert "ConvInteger" not in kinds
    assert ("Conv" in kinds) == (width == 3)  # a short kernel gains nothing by blocks

    x = np.random.default_rng(0).standard_normal((1, 64, time)).astype(np.float32)
    outputs = []
    for model in (packed, rewritten):
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        outputs.append(session.run(None, {"x": x})[0])
    assert outputs[1].shape == x.shape

    # The difference is the rounding of x to 8 bits, and that of the bias.
    step = (x.max() - x.min()) / 255
    noise = step * 0.002 * 75 * np.sqrt(64 * width)
    assert np.abs(outputs[0] - outputs[1]).max() < 4 * noise
    assert np.abs(outputs[1]).mean() > 10 * noise
