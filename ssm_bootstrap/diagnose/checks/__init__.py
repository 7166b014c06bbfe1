"""One function a check, listed explicitly by ``diagnose.diagnosis``."""
