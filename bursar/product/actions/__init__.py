"""Every verb of the product's door. Importing this registers them."""

from bursar.product.actions import documents, files, imports, keys, people, pushes

__all__ = ["documents", "files", "imports", "keys", "people", "pushes"]
