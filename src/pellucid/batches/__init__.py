"""Images on a device: uint8 there, floats a batch at a time, and varied in training."""
