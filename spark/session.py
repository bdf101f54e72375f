"""The Spark session of a job, and what each of its settings is for."""

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from importlib.resources import files

from pyspark.sql import SparkSession

from spark.config import SparkConfig
from spark.java import quiet_home


def start(config: SparkConfig, job: Mapping[str, str]) -> SparkSession:
    """
    Start Spark, or return the session that there is.

    Args:
        config: The table [spark] of the job's configuration.
        job: Settings that the job needs; those of `config` override them.

    Raises:
        NoJava: There is no Java that it runs on.

    Cost: some seconds, and a JVM for as long as the session lives.
    """
    os.environ["JAVA_HOME"] = str(quiet_home())
    # Workers run this Python, whatever `python3` is on their path.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    logging = files("spark").joinpath("log4j2.properties")
    settings = {
        # Alone on one machine by default: nothing listens on other interfaces.
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # What Spark has to say at WARN on every start is no news; errors are.
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={logging}",
        "spark.sql.session.timeZone": "UTC",
        **job,
        **config.settings,
    }
    builder = SparkSession.builder.appName("logwinnow").master(config.master)
    builder = builder.config("spark.driver.memory", config.memory)
    for name, value in settings.items():
        builder = builder.config(name, value)
    on_interrupt = signal.getsignal(signal.SIGINT)
    session = builder.getOrCreate()
    if threading.current_thread() is threading.main_thread():
        # Spark's own handler, which took its place, would break off the batch.
        signal.signal(signal.SIGINT, on_interrupt)
    # systemd sends SIGTERM to every process of a service. It is for the driver, which ends the batch first.
    jvm = session.sparkContext._jvm  # noqa: SLF001 (there is no other way to it)
    if jvm is not None:
        jvm.sun.misc.Signal.handle(jvm.sun.misc.Signal("TERM"), jvm.sun.misc.SignalHandler.SIG_IGN)
    return session


def wait_for_tasks(session: SparkSession) -> None:
    """Wait until no task runs: those of a job that failed may outlive it for some seconds."""
    tracker = session.sparkContext._jsc.sc().statusTracker()  # noqa: SLF001 (there is no other way to it)
    while any(executor.numRunningTasks() for executor in tracker.getExecutorInfos()):
        time.sleep(0.05)
