package realkafka

import (
	"encoding/xml"
	"slices"
	"strings"
	"testing"
)

// pomOf is what Maven reads of a pom.
type pomOf struct {
	Dependencies []struct {
		Group      string `xml:"groupId"`
		Artifact   string `xml:"artifactId"`
		Version    string `xml:"version"`
		Exclusions []struct {
			Artifact string `xml:"artifactId"`
		} `xml:"exclusions>exclusion"`
	} `xml:"dependencies>dependency"`
}

const (
	jaxb  = "jaxb-api:2.3.1"
	log4j = "slf4j-log4j12:1.7.30 log4j:1.2.17"
	zk    = "zookeeper:3.4.12"
	plain = "slf4j-simple:1.7.36"
)

// poms says, for each release, whose Scala it is built with and what is added.
var poms = map[string][]string{
	"0.8.0":    {"kafka_2.10"},
	"0.8.1.1":  {"kafka_2.10"},
	"0.8.2.2":  {"kafka_2.10"},
	"0.9.0.1":  {"kafka_2.10"},
	"0.10.0.1": {"kafka_2.11"},
	"0.10.1.1": {"kafka_2.11", jaxb},
	"0.10.2.2": {"kafka_2.11", jaxb},
	"0.11.0.3": {"kafka_2.12", jaxb},
	"1.0.2":    {"kafka_2.12", jaxb},
	"1.1.1":    {"kafka_2.12", jaxb, log4j},
	"2.0.1":    {"kafka_2.12", log4j, zk},
	"2.1.1":    {"kafka_2.12", log4j, zk},
	"2.2.2":    {"kafka_2.12", log4j, zk},
	"2.3.1":    {"kafka_2.12", log4j, zk},
	"2.4.1":    {"kafka_2.13", log4j},
	"2.5.1":    {"kafka_2.13", log4j},
	"2.6.3":    {"kafka_2.13", log4j},
	"2.7.2":    {"kafka_2.13", log4j},
	"2.8.2":    {"kafka_2.13", log4j},
	"3.0.2":    {"kafka_2.13", log4j},
	"3.3.2":    {"kafka_2.13", log4j},
	"3.5.2":    {"kafka_2.13", log4j},
	"3.6.2":    {"kafka_2.13", log4j},
	"3.7.2":    {"kafka_2.13", log4j},
	"3.8.1":    {"kafka_2.13", log4j},
	"3.9.2":    {"kafka_2.13", log4j},
	"4.0.2":    {"kafka_2.13", plain},
	"4.1.2":    {"kafka_2.13", plain},
	"4.2.2":    {"kafka_2.13", plain},
	"4.3.1":    {"kafka_2.13", plain},
	"4.4.0":    {"kafka_2.13", plain},
}

func TestPoms(t *testing.T) {
	if len(poms) != len(Versions()) {
		t.Errorf("%d releases are tested here, %d are known", len(poms), len(Versions()))
	}
	for _, release := range Versions() {
		t.Run(release, func(t *testing.T) {
			v, err := parseVersion(release)
			if err != nil {
				t.Fatal(err)
			}
			var pom pomOf
			if err := xml.Unmarshal([]byte(v.pom(release)), &pom); err != nil {
				t.Fatal(err)
			}
			want := append([]string{}, poms[release]...)
			want[0] += ":" + release
			want = strings.Fields(strings.Join(want, " "))
			var got []string
			for _, d := range pom.Dependencies {
				got = append(got, d.Artifact+":"+d.Version)
			}
			if !slices.Equal(got, want) {
				t.Errorf("dependencies\n got %q\nwant %q", got, want)
			}
			var excluded []string
			for _, x := range pom.Dependencies[0].Exclusions {
				excluded = append(excluded, x.Artifact)
			}
			if compiler := slices.Contains(excluded, "scala-compiler"); compiler != (release == "0.8.0") {
				t.Errorf("scala-compiler excluded: %t", compiler)
			}
			if !slices.Contains(excluded, "jmxtools") {
				t.Errorf("jmxtools, which can't be downloaded, is not excluded")
			}
		})
	}
}

func TestPomText(t *testing.T) {
	const want = `    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>4.4.0</version>
      <exclusions>
        <exclusion><groupId>com.sun.jdmk</groupId><artifactId>jmxtools</artifactId></exclusion>
`
	if pom := (version{4, 4, 0}).pom("4.4.0"); !strings.Contains(pom, want) {
		t.Errorf("pom\n%s\nlacks\n%s", pom, want)
	}
}
