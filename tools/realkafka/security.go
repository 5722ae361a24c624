package realkafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checkSecurity says what is wrong with Listeners and Users.
func (cfg Config) checkSecurity(v version) (err error) {
	for _, protocol := range cfg.Listeners {
		switch {
		case protocol == "SSL" && v.from(0, 9):
		case strings.HasPrefix(protocol, "SASL_") && (protocol == "SASL_SSL" || protocol == "SASL_PLAINTEXT") && v.from(0, 10):
		default:
			err = errors.Join(err, fmt.Errorf("listener %q: there are SSL from 0.9 on, SASL_PLAINTEXT and SASL_SSL from 0.10 on", protocol))
		}
	}
	for user, password := range cfg.Users {
		if user == "" || password == "" || strings.ContainsFunc(user+password, func(r rune) bool {
			return (r|0x20 < 'a' || r|0x20 > 'z') && (r < '0' || r > '9') && r != '-'
		}) {
			err = errors.Join(err, fmt.Errorf("user %q: a name and a password are of letters, digits and hyphens", user))
		}
	}
	return err
}

// mechanisms are those of SASL that the release has without a Kerberos server.
func (v version) mechanisms() []string {
	all := []string{"PLAIN"}
	if v.from(0, 10, 2) {
		all = append(all, "SCRAM-SHA-256", "SCRAM-SHA-512")
	}
	if v.from(2, 0) {
		all = append(all, "OAUTHBEARER")
	}
	return all
}

// secure adds the further listeners of broker id, and who may log in there.
func (l layout) secure(p map[string]string, id int) {
	hasSASL := false
	for _, protocol := range slices.Sorted(maps.Keys(l.listeners)) {
		listener := protocol + "://" + l.listeners[protocol][id]
		p["listeners"] += "," + listener
		if l.mode == modeKRaft {
			p["advertised.listeners"] += "," + listener
			p["listener.security.protocol.map"] += "," + protocol + ":" + protocol
		}
		if !strings.HasPrefix(protocol, "SASL_") {
			continue
		}
		hasSASL = true
		if l.version.from(1, 1) {
			for _, mechanism := range l.version.mechanisms() {
				prefix := "listener.name." + strings.ToLower(protocol) + "." + strings.ToLower(mechanism) + "."
				p[prefix+"sasl.jaas.config"] = l.loginModule(mechanism)
			}
		}
	}
	if hasSASL {
		p["sasl.enabled.mechanisms"] = strings.Join(l.version.mechanisms(), ",")
	}
}

// loginModule is what Java's login needs to know for a mechanism.
func (l layout) loginModule(mechanism string) string {
	switch mechanism {
	case "PLAIN":
		var users strings.Builder
		for _, user := range slices.Sorted(maps.Keys(l.users)) {
			fmt.Fprintf(&users, " user_%s=%q", user, l.users[user])
		}
		return "org.apache.kafka.common.security.plain.PlainLoginModule required" + users.String() + ";"
	case "OAUTHBEARER": // takes tokens that nobody has signed
		return `org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`
	}
	return "org.apache.kafka.common.security.scram.ScramLoginModule required;"
}

// jaasFile has the same for releases that can't say it in their properties.
func (l layout) jaasFile() string {
	var b strings.Builder
	b.WriteString("KafkaServer {\n")
	for _, mechanism := range l.version.mechanisms() {
		if mechanism == "SCRAM-SHA-512" {
			continue // one module for both
		}
		b.WriteString("  " + l.loginModule(mechanism) + "\n")
	}
	b.WriteString("};\n")
	return b.String()
}

// writeJAAS writes that file, and makes the brokers read it.
func (c *Cluster) writeJAAS(l layout) error {
	if len(l.listeners) == 0 || c.version.from(1, 1) {
		return nil
	}
	path := filepath.Join(c.dir, "jaas.conf")
	c.java = append(slices.Clone(c.java), "-Djava.security.auth.login.config="+path)
	return os.WriteFile(path, []byte(l.jaasFile()), 0o600)
}

// scramOptions make KRaft's format know the users of SCRAM.
func (c *Cluster) scramOptions() []string {
	var options []string
	if c.version.before(3, 5) {
		return nil
	}
	for _, user := range slices.Sorted(maps.Keys(c.users)) {
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
			options = append(options, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, user, c.users[user]))
		}
	}
	return options
}

// addScramUsers makes a cluster with ZooKeeper know them, by the release's own
// tool.
func (c *Cluster) addScramUsers(ctx context.Context) error {
	if c.mode == modeKRaft || c.version.before(0, 10, 2) {
		return nil
	}
	for _, user := range slices.Sorted(maps.Keys(c.users)) {
		c.say("adding the user %s", user)
		where := []string{"--zookeeper", c.zookeeper.addr}
		if c.version.from(2, 7) {
			where = []string{"--bootstrap-server", c.brokers[0].addr}
		}
		password := c.users[user]
		args := append(where, "--alter", "--entity-type", "users", "--entity-name", user,
			"--add-config", fmt.Sprintf("SCRAM-SHA-256=[password=%s],SCRAM-SHA-512=[password=%s]", password, password))
		out, err := c.program("kafka.admin.ConfigCommand", "-Xmx128m", "", args...).run(ctx)
		if err == nil && !strings.Contains(string(out), "ompleted") { // its exit status says nothing
			err = errors.New("it failed")
		}
		if err != nil {
			return fmt.Errorf("adding the user %s: kafka.admin.ConfigCommand: %w; it said:\n%s", user, err, lastLines(out, 6))
		}
	}
	return nil
}

// ListenerAddr is where the broker listens for that one of Config.Listeners; ""
// when it doesn't.
func (b *Broker) ListenerAddr(protocol string) string { return b.listeners[protocol] }

// ListenerAddrs are the addresses of all brokers for that one of
// Config.Listeners.
func (c *Cluster) ListenerAddrs(protocol string) []string {
	var addrs []string
	for _, b := range c.brokers {
		addrs = append(addrs, b.listeners[protocol])
	}
	return addrs
}
