"""Import it before the libraries: they download nothing, and only their errors are logged."""
import logging
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
logging.disable(logging.WARNING)
