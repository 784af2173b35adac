"""Films of bodies in motion: solids drawn by MuJoCo without a screen, side by side, to MP4, GIF and PNG."""
