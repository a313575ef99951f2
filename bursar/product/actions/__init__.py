"""Every verb of the product's door. Importing this registers them."""

from bursar.product.actions import imports, keys, people, pushes

__all__ = ["imports", "keys", "people", "pushes"]
