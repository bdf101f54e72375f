"""The build host: jobs of the pipeline, and the containers they run in."""

from commands.simulation.book import Book
from commands.simulation.clock import OFFICE, STEADY, Often

BUILD = ("build",)
BOOK = Book()

BOOK.at(Often(36, OFFICE), BUILD).story("""
    0             pipeline.received  job {job} of {project} on branch {branch} received from {user}
    0-1           containerd.shim  time="{date}" level=info msg="starting signal loop" namespace=moby
                path=/run/containerd/io.containerd.runtime.v2.task/moby/{container} pid={number:900-90000}
    0             kernel.bridge_blocking  docker0: port 1(veth{veth}) entered blocking state
    0-0.5         kernel.bridge_forwarding  docker0: port 1(veth{veth}) entered forwarding state
    4-240   x2-5  pipeline.stage  job {job}: stage {one:compile|lint|unit-tests|package} passed in
                {decimal:0.4-400.0} s
    0             dockerd.exited  time="{date}" level=info msg="ignoring event" container={container}
                module=libcontainerd namespace=moby topic=/tasks/delete type="*events.TaskDelete"
    0-0.5         kernel.bridge_disabled  docker0: port 1(veth{veth}) entered disabled state
    0-3           pipeline.passed  job {job} of {project} passed, artifacts kept for {number:7-30} days
""")

BOOK.at(Often(9, OFFICE), BUILD).story("""
    0       pipeline.received
    0-1     containerd.shim
    0       kernel.bridge_blocking
    0-0.5   kernel.bridge_forwarding
    4-240   pipeline.stage
    4-240   pipeline.stage_failed  job {job}: stage {one:compile|lint|unit-tests} failed with exit code
                {number:1-2}
    0       dockerd.exited
    0-0.5   kernel.bridge_disabled
    0-3     pipeline.failed  job {job} of {project} failed, telling {user}
""")

BOOK.through(OFFICE, BUILD).lines("""
    12      pipeline.waiting  {number:1-9} jobs are waiting, the oldest for {number:5-900} s
    9       pipeline.cache_miss  no cached dependencies for {project}, fetching them anew
    4       pipeline.cancelled  job {job} cancelled by {operator}
    5       pipeline.released  {project} {number:1-9}.{number:0-30}.{number:0-9} released by {operator}
    2       pipeline.flaky  job {job}: {number:1-3} tests passed only on the second try
    1       pipeline.disk  workspace is {number:70-89}% full, removing the {number:5-40} oldest checkouts
""")

BOOK.through(STEADY, BUILD).lines("""
    5       dockerd.pulled  time="{date}" level=info msg="Layer sha256:{hex:16} cleaned up"
    2       dockerd.no_health  time="{date}" level=warning msg="Health check for container {container} error:
                context deadline exceeded"
    0.8     dockerd.prune  time="{date}" level=warning msg="reference for unknown type:
                application/vnd.in-toto+json"
""")
