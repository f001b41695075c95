"""Pictures: grids, outpainting, checking uploads, fetching links."""
