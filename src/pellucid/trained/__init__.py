"""A trained run: its network, its own data, its splits as they were held out."""
