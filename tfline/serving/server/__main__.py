"""``python -m tfline.serving.server``."""

from __future__ import annotations

import logging
import os
import sys

# Sockets are read by the threads that take the calls: a third less time a call, half for a large
# one. gRPC reads this when it is imported.
os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_listener")

from tfline.serving.server.main import main

code = main(sys.argv[1:])
logging.shutdown()
sys.stdout.flush()
os._exit(code)  # a run of a model that outlives the grace period does not hold up the end
