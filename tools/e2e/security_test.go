package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/netclient/oauth"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

const storePassword = "changeit"

// keys are the files with which a broker and its clients speak TLS.
type keys struct {
	keyStore, trustStore string // the broker's, PKCS #12
	ca, client, other    string // PEM: of the broker, of a client that it trusts, of one that it doesn't
}

// makeKeys makes a certificate for 127.0.0.1 by Java's own tool, as operators
// do, and those of the clients here.
func makeKeys(t *testing.T) keys {
	t.Helper()
	dir := t.TempDir()
	k := keys{
		keyStore: filepath.Join(dir, "broker.p12"), trustStore: filepath.Join(dir, "clients.p12"), ca: filepath.Join(dir, "broker.pem"),
		client: selfSigned(t, filepath.Join(dir, "client.pem")), other: selfSigned(t, filepath.Join(dir, "other.pem")),
	}
	keytool := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("keytool", append(args, "-storetype", "PKCS12", "-storepass", storePassword)...).CombinedOutput(); err != nil {
			t.Fatalf("keytool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	keytool("-genkeypair", "-alias", "broker", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=broker", "-ext", "SAN=ip:127.0.0.1", "-keystore", k.keyStore)
	keytool("-exportcert", "-rfc", "-alias", "broker", "-file", k.ca, "-keystore", k.keyStore)
	keytool("-importcert", "-noprompt", "-alias", "client", "-file", k.client, "-keystore", k.trustStore)
	return k
}

// selfSigned writes a certificate that nobody else has signed, and its key.
func selfSigned(t *testing.T, path string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: filepath.Base(path)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// properties are the broker's.
func (k keys) properties() map[string]string {
	return map[string]string{
		"ssl.keystore.location": k.keyStore, "ssl.keystore.type": "PKCS12", "ssl.keystore.password": storePassword, "ssl.key.password": storePassword,
		"ssl.truststore.location": k.trustStore, "ssl.truststore.type": "PKCS12", "ssl.truststore.password": storePassword,
	}
}

// startSecure starts a broker with listeners of all kinds that the release has.
func startSecure(t *testing.T, version string, properties map[string]string) (*realkafka.Cluster, keys) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a real broker")
	}
	k := makeKeys(t)
	cfg := realkafka.Config{Version: version, Listeners: []string{"SSL"}, Properties: k.properties()}
	maps.Copy(cfg.Properties, properties)
	if version != "0.9.0.1" {
		cfg.Listeners = append(cfg.Listeners, "SASL_PLAINTEXT", "SASL_SSL")
		cfg.Users = map[string]string{"alice": "alices-password"}
	}
	return startCluster(t, cfg), k
}

// connect makes a client by Kafka's properties, given as name, value, name, ….
func connect(t *testing.T, addr string, props ...string) (*netclient.Client, error) {
	t.Helper()
	m := map[string]string{"bootstrap.servers": addr}
	for i := 0; i < len(props); i += 2 {
		m[props[i]] = props[i+1]
	}
	cfg, unknown, err := netclient.ParseProperties(m, oauth.FromProperties)
	if err != nil || len(unknown) > 0 {
		t.Fatal(err, unknown)
	}
	return ping(t, cfg)
}

// ping gives the first error of an attempt to connect, if the cluster can't be
// reached.
func ping(t *testing.T, cfg netclient.Config) (*netclient.Client, error) {
	t.Helper()
	result := make(chan error, 1)
	tell := func(err error) {
		select {
		case result <- err:
		default:
		}
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	cfg.Trace = &netclient.Trace{ConnectDone: func(info netclient.ConnectInfo) {
		if info.Err != nil {
			tell(info.Err)
		}
	}}
	client, err := netclient.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go func() { tell(client.Ping(ctx)) }()
	return client, <-result
}

// refused wants a mistake to be told with these words.
func refused(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; want one with %q", words)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("no %q in: %v", word, err)
		}
	}
	t.Log(err)
}

// TestTLS speaks TLS to an old, a middle and a new broker, which want a
// certificate of their clients, and makes the usual mistakes.
func TestTLS(t *testing.T) {
	for _, version := range []string{"0.9.0.1", "0.10.2.2", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			cluster, k := startSecure(t, version, map[string]string{"ssl.client.auth": "required"})
			addr := cluster.Broker(0).ListenerAddr("SSL")
			_, port, _ := strings.Cut(addr, ":")
			tls := []string{"security.protocol", "SSL", "ssl.truststore.location", k.ca}
			both := append(tls, "ssl.keystore.location", k.client)

			if _, err := connect(t, addr, both...); err != nil {
				t.Fatal(err)
			}
			throughCommand(t, addr, both)

			_, err := connect(t, addr, tls...)
			refused(t, err, addr, "ssl.keystore.location", "wants one")
			if !errors.Is(err, netclient.ErrClientCertificate) {
				t.Error("it is no ErrClientCertificate")
			}
			_, err = connect(t, addr, append(tls, "ssl.keystore.location", k.other)...)
			refused(t, err, addr, "ssl.keystore.location", "truststore")
			_, err = connect(t, addr, "security.protocol", "SSL", "ssl.truststore.location", k.other)
			refused(t, err, addr, "unknown authority", "ssl.truststore.location")
			_, err = connect(t, "localhost:"+port, both...)
			refused(t, err, "localhost", "not valid for any names", "subject alternative names")
			_, err = connect(t, "localhost:"+port, append(both, "ssl.endpoint.identification.algorithm", "")...)
			if err != nil {
				t.Error(err)
			}
			_, err = connect(t, addr)
			refused(t, err, addr, "TLS", "security.protocol")
			_, err = connect(t, cluster.Broker(0).Addr(), tls...)
			refused(t, err, cluster.Broker(0).Addr(), "does not seem to speak TLS", "security.protocol")
			wantRotation(t, addr, k)
		})
	}
	t.Run("0.9.0.1, without a client certificate", func(t *testing.T) { // TestCertificates has the same for a new broker
		cluster, k := startSecure(t, "0.9.0.1", nil)
		throughCommand(t, cluster.Broker(0).ListenerAddr("SSL"), []string{"security.protocol", "SSL", "ssl.truststore.location", k.ca})
	})
}

// throughCommand produces and consumes a thousand records, and a large one, with
// the properties given to the command.
func throughCommand(t *testing.T, addr string, props []string) {
	t.Helper()
	var args []string
	for i := 0; i < len(props); i += 2 {
		args = append(args, "-X", props[i]+"="+props[i+1])
	}
	var lines []string
	for i := range 1000 {
		lines = append(lines, fmt.Sprint("value ", i))
	}
	lines = append(lines, strings.Repeat("large ", 100_000))
	barnabas(t, strings.Join(lines, "\n")+"\n", append([]string{"produce", "-b", addr, "-t", "t"}, args...)...)
	got := barnabas(t, "", append([]string{"consume", "-b", addr, "-t", "t", "-e", "-f", "%s\n"}, args...)...)
	if len(got) != len(lines) || got[999] != lines[999] || got[1000] != lines[1000] {
		t.Errorf("%d lines came back of %d", len(got), len(lines))
	}
}

// TestSASL logs in to brokers of both forms of login, by each mechanism that they
// have.
func TestSASL(t *testing.T) {
	for _, version := range []string{"0.10.2.2", "2.8.2", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			cluster, k := startSecure(t, version, nil)
			addr, secure := cluster.Broker(0).ListenerAddr("SASL_PLAINTEXT"), cluster.Broker(0).ListenerAddr("SASL_SSL")
			for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
				login := func(password string) []string {
					return []string{"sasl.mechanism", mechanism, "sasl.jaas.config", `x required username="alice" password="` + password + `";`}
				}
				good := append(login("alices-password"), "security.protocol", "SASL_PLAINTEXT")
				tls := append(login("alices-password"), "security.protocol", "SASL_SSL", "ssl.truststore.location", k.ca)
				if _, err := connect(t, addr, good...); err != nil {
					t.Errorf("%s: %v", mechanism, err)
				}
				if _, err := connect(t, secure, tls...); err != nil {
					t.Errorf("%s with TLS: %v", mechanism, err)
				}
				_, err := connect(t, addr, append(login("wr0ng"), "security.protocol", "SASL_PLAINTEXT")...)
				refused(t, err, addr, mechanism, "SASL_AUTHENTICATION_FAILED", "check the user name and password")
				if strings.Contains(err.Error(), "wr0ng") {
					t.Error("it tells the password")
				}
				if mechanism == "PLAIN" {
					_, err = connect(t, cluster.Broker(0).Addr(), good...)
					refused(t, err, "ILLEGAL_SASL_STATE", "listener without SASL")
					_, err = connect(t, secure, good...)
					refused(t, err, secure, "TLS")
					throughCommand(t, secure, tls)
				}
			}
			_, err := connect(t, addr)
			refused(t, err, addr, "wants a SASL login")
			_, err = ping(t, netclient.Config{BootstrapServers: []string{addr}, SASL: unheardOf{}})
			refused(t, err, "UNSUPPORTED_SASL_MECHANISM", "SCRAM-SHA-512")
			if version != "0.10.2.2" {
				if _, err := ping(t, netclient.Config{BootstrapServers: []string{addr}, SASL: netclient.OAuthBearer(unsecured)}); err != nil {
					t.Errorf("OAUTHBEARER: %v", err)
				}
				_, err = ping(t, netclient.Config{BootstrapServers: []string{addr}, SASL: netclient.OAuthBearer(overdue)})
				refused(t, err, "SASL_AUTHENTICATION_FAILED", "token")
			}
		})
	}
}

// unheardOf is a mechanism that no broker has.
type unheardOf struct{}

func (unheardOf) Name() string { return "UNHEARD-OF" }

func (unheardOf) Authenticate(_ context.Context, _ string, send func([]byte) ([]byte, error)) ([]byte, error) {
	_, err := send([]byte("hello"))
	return nil, err
}

// unsecured is a token without a signature, for five seconds.
func unsecured(context.Context) (netclient.OAuthToken, error) { return jwt(time.Now(), 5*time.Second) }

func overdue(context.Context) (netclient.OAuthToken, error) {
	return jwt(time.Now().Add(-time.Hour), time.Minute)
}

func jwt(from time.Time, lifetime time.Duration) (netclient.OAuthToken, error) {
	encode := base64.RawURLEncoding.EncodeToString
	ends := from.Add(lifetime)
	claims := fmt.Sprintf(`{"sub":"alice","iat":%d.0,"exp":%d.%03d}`, from.Unix(), ends.Unix(), ends.Nanosecond()/1e6)
	return netclient.OAuthToken{Value: netclient.NewSecret(encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(claims)) + "."), Expires: ends}, nil
}

// TestReauthentication keeps connections busy through several sessions: none is
// lost, and no request fails.
func TestReauthentication(t *testing.T) {
	for _, version := range []string{"2.8.2", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			cluster, _ := startSecure(t, version, map[string]string{"connections.max.reauth.ms": "4000"})
			addr := cluster.Broker(0).ListenerAddr("SASL_PLAINTEXT")
			var wg sync.WaitGroup
			for _, mech := range []netclient.Mechanism{
				netclient.Plain("alice", "alices-password"), netclient.ScramSHA512("alice", "alices-password"), netclient.OAuthBearer(unsecured),
			} {
				client, err := ping(t, netclient.Config{BootstrapServers: []string{addr}, SASL: mech})
				if err != nil {
					t.Fatal(err)
				}
				conn, err := client.NewPool(netclient.PoolConfig{}).Conn(t.Context(), 0)
				if err != nil {
					t.Fatal(err)
				}
				ends := time.Now().Add(15 * time.Second)
				for range 3 {
					wg.Go(func() {
						for time.Now().Before(ends) {
							if err := conn.Do(t.Context(), msg.NewMetadataRequest(), &msg.MetadataResponse{}); err != nil {
								t.Errorf("%s, %v before the end: %v", mech.Name(), time.Until(ends), err)
								return
							}
							time.Sleep(time.Millisecond)
						}
					})
				}
			}
			wg.Wait()
		})
	}
}
