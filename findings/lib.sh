# What the scripts of this folder share: public packages into a temporary folder, and one real Kafka broker (KRaft, 4.x) on
# loopback. Source it first; everything that it made or started is gone when the script ends.
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
broker_pid=
cleanup() {
	[ -z "$broker_pid" ] || { kill "$broker_pid" 2>/dev/null && wait "$broker_pid" 2>/dev/null; } || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# maven GROUP:ARTIFACT:VERSION...: their jars, with what they need, into $work/lib.
maven() {
	local deps='' c
	for c in "$@"; do
		IFS=: read -r group artifact version <<<"$c"
		deps+="<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
	done
	cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>findings</groupId><artifactId>jars</artifactId><version>1</version><dependencies>$deps</dependencies></project>
POM
	mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies -DoutputDirectory="$work/lib"
}

# pip PACKAGE==VERSION...: into a virtual environment; run it with "$python".
pip() {
	python3 -m venv "$work/venv"
	python=$work/venv/bin/python
	"$python" -m pip -q --disable-pip-version-check install "$@"
}

# free_port prints a port of loopback that nobody listens on.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# broker VERSION [name=value...]: starts one, address in $bootstrap. Needs its jars, which it gets. Options of the format
# step are in the array format_options; another protocol of the client listener is in listener_protocol.
broker() {
	local version=$1 controller
	shift
	maven "org.apache.kafka:kafka_2.13:$version" org.slf4j:slf4j-simple:1.7.36
	bootstrap=127.0.0.1:$(free_port)
	controller=127.0.0.1:$(free_port)
	{
		cat <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@$controller
controller.listener.names=CONTROLLER
listeners=CLIENTS://$bootstrap,CONTROLLER://$controller
advertised.listeners=CLIENTS://$bootstrap
inter.broker.listener.name=CLIENTS
listener.security.protocol.map=CLIENTS:${listener_protocol:-PLAINTEXT},CONTROLLER:PLAINTEXT
log.dirs=$work/data
num.partitions=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
PROPERTIES
		printf '%s\n' "$@"
	} >"$work/server.properties"
	java -Xmx128m -cp "$work/lib/*" kafka.tools.StorageTool format -t 4L6g3nShT-eMCtK--X86sw -c "$work/server.properties" \
		${format_options[@]+"${format_options[@]}"} >"$work/format.log" 2>&1 || { cat "$work/format.log"; exit 1; }
	java -Xmx256m -cp "$work/lib/*" kafka.Kafka "$work/server.properties" >"$work/broker.log" 2>&1 &
	broker_pid=$!
	local i
	for i in $(seq 120); do
		grep -q 'Kafka Server started' "$work/broker.log" && return
		kill -0 "$broker_pid" 2>/dev/null || break
		sleep 0.5
	done
	tail -n 20 "$work/broker.log"
	echo "the broker did not start" >&2
	exit 1
}

# java_run FILE.java [argument...]: compiles and runs a single file against $work/lib.
java_run() { java -Xmx256m -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "$work/lib/*" "$@"; }

# expect WHAT WANT GOT: the check of a finding.
expect() {
	printf '%-60s %s\n' "$1:" "$3"
	[ "$2" = "$3" ] || { echo "CHANGED: $1: was '$2', is '$3'" >&2; changed=1; }
}
changed=0
