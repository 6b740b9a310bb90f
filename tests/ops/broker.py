"""Apache Kafka with passwords and permissions, with the topics and users of the chart's manifests.

What an operator of Strimzi would make of `KafkaTopic` and `KafkaUser` is made by Kafka's own commands, so
that a setting that Kafka refuses and a right that is missing show here. A listener within has no
password and may do everything. The service comes in by SCRAM-SHA-512 as the chart has it, the others by
PLAIN, since Debian's kcat fails at SCRAM towards this Kafka.
"""

import contextlib
import json
import os
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests/kafka.sh"

# What each role may do, as the chart's README says it: (reads, writes).
MAY = {
    "detector": ({"registrations", "reference", "decisions", "alerts", "progress", "quarantine"}, {"alerts", "progress", "quarantine"}),
    "gateway": (set(), {"registrations"}),
    "reference": (set(), {"reference"}),
    "payout": ({"registrations", "alerts", "progress"}, set()),
    "reviewers": ({"registrations", "reference", "alerts", "progress", "decisions"}, {"decisions", "audit"}),
    "auditor": ({"audit"}, set()),
}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def password(user: str) -> str:
    return f"secret-of-{user}"


class Broker:
    """A running node: `address` is the one with passwords."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inside, self.controller = (f"127.0.0.1:{free_port()}" for _ in range(2))
        self.address = f"127.0.0.1:{free_port()}"
        self.jars = subprocess.run([SCRIPT, "jars"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

    def java(self, heap: str, program: str, *words: str) -> list[str]:
        log = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info"]
        return ["java", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{self.jars}/*", *log, program, *words]

    def command(self, program: str, *words: str) -> None:
        done = subprocess.run(self.java("128m", program, *words), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(f"{program} {' '.join(words)}: {done.stdout}{done.stderr}")

    def configure(self, users: list[str]) -> Path:
        plain = " ".join(f'user_{user}="{password(user)}"' for user in users)
        settings = self.folder / "node.properties"
        settings.write_text(f"""
process.roles=broker,controller
node.id=1
listeners=SASL_PLAINTEXT://{self.address},PLAINTEXT://{self.inside},CONTROLLER://{self.controller}
advertised.listeners=SASL_PLAINTEXT://{self.address},PLAINTEXT://{self.inside}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers={self.controller}
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=SASL_PLAINTEXT:SASL_PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required {plain};
listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=false
auto.create.topics.enable=false
log.dirs={self.folder / 'log'}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
controlled.shutdown.max.retries=1
""")
        return settings

    def start(self, users: list[str]) -> subprocess.Popen:
        settings = self.configure(users)
        secrets = [word for user in users for word in ("--add-scram", f"SCRAM-SHA-512=[name={user},password={password(user)}]")]
        cluster = "dGlkdmFrdC1vcHMtdGVzdA"
        self.command("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings), "--standalone", *secrets)
        log = self.folder / "node.log"
        with log.open("w") as out:
            process = subprocess.Popen(self.java("512m", "kafka.Kafka", str(settings)), stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while "Kafka Server started" not in log.read_text():
            if process.poll() is not None or deadline < time.monotonic():
                process.kill()
                raise OSError("Apache Kafka did not start: " + log.read_text()[-2000:])
            time.sleep(0.2)
        return process

    def apply(self, manifests: list[dict]) -> None:
        """Makes the topics and the rights of the manifests."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for made in [pool.submit(self.command, *words) for words in self.commands(manifests)]:
                made.result()

    def commands(self, manifests: list[dict]) -> list[tuple[str, ...]]:
        found, rights = [], {}
        for manifest in manifests:
            name, spec = manifest["metadata"]["name"], manifest.get("spec", {})
            if manifest["kind"] == "KafkaTopic":
                pairs = [f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in spec["config"].items()]
                settings = [word for pair in pairs for word in ("--config", pair)]
                counts = ["--partitions", str(spec["partitions"]), "--replication-factor", str(spec["replicas"])]
                found.append(("org.apache.kafka.tools.TopicCommand", "--create", "--topic", name, *counts, *settings))
            if manifest["kind"] == "KafkaUser":
                for rule in spec["authorization"]["acls"]:
                    resource = rule["resource"]
                    key = (name, resource["type"], resource["patternType"], tuple(rule["operations"]))
                    rights.setdefault(key, []).append(rule["resource"]["name"])
        for (user, kind, pattern, operations), names in rights.items():
            option = {"transactionalId": "transactional-id"}.get(kind, kind)
            what = [word for name in names for word in (f"--{option}", name)]
            what += ["--resource-pattern-type", "prefixed"] if pattern == "prefix" else []
            how = [word for operation in operations for word in ("--operation", operation)]
            found.append(("org.apache.kafka.tools.AclCommand", "--add", "--allow-principal", f"User:{user}", *what, *how))
        return [(program, "--bootstrap-server", self.inside, *words) for program, *words in found]

    def login(self, user: str) -> list[str]:
        """The flags of kcat for a user."""
        flags = {"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN", "sasl.username": user, "sasl.password": password(user)}
        return ["-b", self.address, *(word for name, value in flags.items() for word in ("-X", f"{name}={value}"))]

    def produce(self, user: str, topic: str, lines: list[str]) -> None:
        # The feed takes no batch above 64 KiB, see `feedMaxMessageBytes`.
        command = ["kcat", "-P", *self.login(user), "-X", "batch.size=32768", "-t", topic, "-K", "\t"]
        done = subprocess.run(command, input="\n".join(lines) + "\n", text=True, check=False, capture_output=True)
        if done.returncode != 0:
            raise OSError(f"{user} can't produce to {topic}: {done.stderr}")

    def consume(self, user: str, topic: str) -> list[str]:
        command = ["kcat", "-C", "-e", "-q", *self.login(user), "-t", topic, "-o", "beginning"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    def may(self, user: str, way: str, topic: str) -> bool:
        try:
            if way == "read":
                self.consume(user, topic)
            else:
                subprocess.run(
                    ["kcat", "-P", *self.login(user), "-X", "message.timeout.ms=5000", "-t", topic, "-k", "tried"],
                    input="tried\n", text=True, check=True, capture_output=True, timeout=90,
                )
        except subprocess.CalledProcessError as error:
            if "authorization failed" not in error.stderr.lower():
                raise OSError(f"{user} can't {way} {topic}: {error.stderr}") from error
            return False
        return True

    def rights_problems(self, users: dict[str, str], topics: dict[str, str]) -> tuple[int, list[str]]:
        """Tries every role on every topic both ways. The last thing to do: it leaves records behind."""
        tries = [(role, way, kind) for role in MAY for way in ("read", "write") for kind in topics]
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(lambda t: self.may(users[t[0]], t[1], topics[t[2]]), tries)
        problems = []
        for (role, way, kind), may in zip(tries, answers):
            if may != (kind in MAY[role][0 if way == "read" else 1]):
                problems.append(f"{role} may {'' if may else 'not '}{way} {kind}")
        return len(tries), problems


@contextlib.contextmanager
def kafka(folder: Path, manifests: list[dict]):
    """A broker with what the manifests ask for; ends with the block."""
    folder.mkdir(parents=True)
    broker = Broker(folder)
    process = broker.start([m["metadata"]["name"] for m in manifests if m["kind"] == "KafkaUser"])
    try:
        broker.apply(manifests)
        yield broker
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
