"""The formats of exports, one a module; `table` has them all."""
