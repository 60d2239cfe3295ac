"""The register of cameras: declarations, imports, brands, streams, and what of an address is shown."""
