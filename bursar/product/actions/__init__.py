"""Every verb of the product's door. Importing this registers them."""

from bursar.product.actions import files, imports, keys, people, pushes

__all__ = ["files", "imports", "keys", "people", "pushes"]
