import pytest
import torch

from pellucid import device
from pellucid.errors import DeviceError, SettingError

CPU = torch.device("cpu")


def test_auto_takes_the_best_device_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for available, chosen in [({"cuda", "mps", "cpu"}, "cuda"), ({"mps", "cpu"}, "mps"), ({"cpu"}, "cpu")]:
        monkeypatch.setattr(device, "_available", available.__contains__)
        assert device.choose_device("auto") == torch.device(chosen)


def test_the_cpu_is_always_offered() -> None:
    assert device.choose_device("cpu") == CPU
    assert device.available_devices()[-1] == "cpu"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cuda:99", "This machine offers no device cuda:99; available:"),
        ("meta", "This machine offers no device meta; available:"),
    ],
)
def test_other_devices_are_refused(name: str, message: str) -> None:
    with pytest.raises(DeviceError) as caught:
        device.choose_device(name)
    assert message in str(caught.value)


def test_an_unknown_device_is_a_wrong_setting() -> None:
    with pytest.raises(SettingError, match="Unknown device 'gpu'. Did you mean cpu?"):
        device.choose_device("gpu")


def test_a_failed_allocation_is_said_and_other_errors_pass() -> None:
    message = r"The memory does not suffice \(.+\). Try a smaller batch_size or network."
    with pytest.raises(DeviceError, match=message), device.enough_memory():
        torch.empty(2**60)
    with pytest.raises(DeviceError, match="The memory does not suffice"), device.enough_memory():
        raise MemoryError
    with pytest.raises(RuntimeError, match="something else"), device.enough_memory():
        raise RuntimeError("something else")


def test_seeding_is_for_the_device_alone() -> None:
    device.seed_generators(CPU, 7)
    first = torch.rand(3)
    device.seed_generators(CPU, 7)
    assert torch.equal(torch.rand(3), first)


def test_a_torch_that_tells_nothing_of_the_processor_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert device.precisions(CPU) == {"fp32": "native", "bf16": "emulated", "fp16": "emulated"}
    assert device.processor()


@pytest.mark.parametrize("native", [True, False])
def test_automatic_precision_goes_by_the_device_and_the_work(monkeypatch: pytest.MonkeyPatch, native: bool) -> None:
    monkeypatch.setattr(device, "cpu_capabilities", lambda: {"avx512_bf16": native})
    enough = device.HALF_MULTIPLY_ADDS
    assert device.choose_precision("auto", CPU, enough) == ("bf16" if native else "fp32")
    assert device.choose_precision("auto", CPU, enough - 1) == "fp32"
    assert device.choose_precision("auto", CPU) == "fp32"  # in prediction
    assert device.choose_precision("fp32", CPU, enough) == "fp32"


@pytest.mark.parametrize(
    ("native", "chosen"), [({"bf16", "fp16"}, "bf16"), ({"bf16"}, "bf16"), ({"fp16"}, "fp16"), (set(), "fp32")]
)
def test_gpus_without_bf16_take_fp16(monkeypatch: pytest.MonkeyPatch, native: set[str], chosen: str) -> None:
    offered = {name: "native" if name in native else "emulated" for name in ("bf16", "fp16")}
    monkeypatch.setattr(device, "precisions", lambda _: offered)
    enough = device.HALF_MULTIPLY_ADDS
    assert device.choose_precision("auto", torch.device("cuda"), enough) == chosen
    assert device.choose_precision("auto", torch.device("cuda"), enough - 1) == "fp32"
    assert device.choose_precision("auto", CPU, enough) == ("bf16" if "bf16" in native else "fp32")


def test_precision_is_chosen_by_name() -> None:
    assert device.choose_precision("bf16", CPU) == "bf16"
    assert device.choose_precision("fp16", CPU) == "fp16"
    assert device.precisions(CPU)["fp32"] == "native"
    with pytest.raises(SettingError, match="Unknown precision 'fp31'. Did you mean fp32?"):
        device.choose_precision("fp31", CPU)
    with pytest.raises(DeviceError, match="bf16 is not offered on mps"):
        device.choose_precision("bf16", torch.device("mps"))


@pytest.mark.parametrize(("precision", "dtype"), device.PRECISIONS.items())
def test_the_precision_is_of_activations_and_leaves_the_weights_fp32(precision: str, dtype: torch.dtype) -> None:
    layer = torch.nn.Linear(4, 2)
    with device.autocast(CPU, precision):
        assert layer(torch.ones(1, 4)).dtype == dtype
    assert layer.weight.dtype == torch.float32


def test_cudnn_is_left_as_it_was() -> None:
    before = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    with device.repeatable():
        assert torch.backends.cudnn.deterministic
    assert (torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark) == before


def test_a_memory_cap_needs_a_gpu() -> None:
    with pytest.raises(DeviceError, match="A GPU memory cap needs a CUDA device; received cpu"):
        device.cap_gpu_memory(CPU, 1000)


@pytest.mark.gpu
def test_a_memory_cap_holds() -> None:
    cuda = torch.device("cuda:0")
    with pytest.raises(DeviceError, match="must be above 0 and at most"):
        device.cap_gpu_memory(cuda, 10**9)
    device.cap_gpu_memory(cuda, 512)
    with pytest.raises(torch.OutOfMemoryError):
        torch.zeros(600 * 2**20, dtype=torch.uint8, device=cuda)
    device.cap_gpu_memory(cuda, int(torch.cuda.get_device_properties(cuda).total_memory / 2**20))


def test_the_processor_has_a_name() -> None:
    assert device.processor()
    assert device.device_name(CPU) == device.processor()
