package realkafka

import (
	"fmt"
	"strings"
)

// A coordinate names an artifact in Maven's way; an exclusion has no version.
type coordinate struct{ group, artifact, version string }

// neverNeeded are in the poms of old releases, but either can't be downloaded
// any more or are for their own tests.
var neverNeeded = []coordinate{
	{group: "com.sun.jdmk", artifact: "jmxtools"},
	{group: "com.sun.jmx", artifact: "jmxri"},
	{group: "javax.jms", artifact: "jms"},
	{group: "javax.mail", artifact: "mail"},
	{group: "junit", artifact: "junit"},
}

// exclusions are the dependencies that a release is better without.
func (v version) exclusions() []coordinate {
	if v.before(0, 8, 1) {
		// Half of the download, and nothing runs it.
		return append(neverNeeded[:len(neverNeeded):len(neverNeeded)],
			coordinate{group: "org.scala-lang", artifact: "scala-compiler"})
	}
	return neverNeeded
}

// additions are what a release lacks on Java 17, or names in a version that
// doesn't run there.
func (v version) additions() []coordinate {
	var add []coordinate
	if v.from(0, 10, 1) && v.before(2, 0) {
		// The broker uses a class that left the JDK with Java 11.
		add = append(add, coordinate{"javax.xml.bind", "jaxb-api", "2.3.1"})
	}
	if v.from(1, 1) && v.before(4, 0) {
		// Without them ZooKeeper dies (up to 2.3) or nothing is logged.
		add = append(add,
			coordinate{"org.slf4j", "slf4j-log4j12", "1.7.30"},
			coordinate{"log4j", "log4j", "1.2.17"})
	}
	if v.from(2, 0) && v.before(2, 4) {
		// The client in 3.4.13 and 3.4.14 can't reach its server on Java 17.
		add = append(add, coordinate{"org.apache.zookeeper", "zookeeper", "3.4.12"})
	}
	if v.from(4, 0) {
		// The pom names no logger.
		add = append(add, coordinate{"org.slf4j", "slf4j-simple", "1.7.36"})
	}
	return add
}

// pom is a Maven project that depends on the release's broker.
func (v version) pom(release string) string {
	var b strings.Builder
	b.WriteString(`<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>barnabas</groupId>
  <artifactId>kafka-broker</artifactId>
  <version>1</version>
  <dependencies>
`)
	writeDependency(&b, coordinate{"org.apache.kafka", v.artifact(), release}, v.exclusions())
	for _, add := range v.additions() {
		writeDependency(&b, add, neverNeeded)
	}
	b.WriteString("  </dependencies>\n</project>\n")
	return b.String()
}

func writeDependency(b *strings.Builder, c coordinate, exclude []coordinate) {
	fmt.Fprintf(b, "    <dependency>\n      <groupId>%s</groupId>\n      <artifactId>%s</artifactId>\n      <version>%s</version>\n",
		c.group, c.artifact, c.version)
	b.WriteString("      <exclusions>\n")
	for _, x := range exclude {
		fmt.Fprintf(b, "        <exclusion><groupId>%s</groupId><artifactId>%s</artifactId></exclusion>\n", x.group, x.artifact)
	}
	b.WriteString("      </exclusions>\n    </dependency>\n")
}
