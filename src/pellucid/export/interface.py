"""What an ONNX file of Pellucid's takes and gives, and the version of ONNX that it is written in."""

OPSET, IR_VERSION = 17, 8  # read by ONNX Runtime since 1.12
IMAGES = "images"  # uint8, [batch, height, width, channels]
MODEL = "model.onnx"
RESIZED = "resized"  # uint8, what the network sees of images of another size
PROBABILITIES = "probabilities"  # float32, [batch, classes]
BATCH = "batch"
