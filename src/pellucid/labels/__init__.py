"""Labels that may be wrong, found by networks that never saw them."""
