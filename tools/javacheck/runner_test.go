package javacheck

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

// How a test asks Java something:
//
//	java := startJVM(t) // one for all tests; it skips with -short
//	text, thrown := java.ask(t, newest, "Messages.defaults", "FetchRequestData", "12")
//
// That calls the public static method
//
//	String defaults(String[] args) throws Exception
//
// of the class Messages, in java/Messages.java, which may use every class of the
// release's kafka-clients (it is compiled against the newest) and Jackson, slf4j
// and the codecs. Each release has its own class loader, and so its own Messages.
// Another set of questions is another file in java; nothing else names it.
//
// thrown is what the method threw ("org.apache…UnsupportedVersionException: …"),
// or "". Whatever else goes wrong (no such class or method, an Error, a dead JVM)
// ends the test.
// Arguments and answers are single lines without tabs, but for an answer's own
// use: bytes go as hexadecimal digits.
//
// ask may be called from several tests at once. Java answers in order, one at a
// time; questions in flight keep it busy, so use t.Parallel.
//
// On the wire between the two, each question is a line "release TAB Class.method
// TAB argument…", and each answer a line "ok TAB text", "threw TAB exception" or
// "broken TAB reason".

// The releases whose classes are run. The oldest is for what the newest dropped.
const (
	newest = "4.4.0"
	oldest = "3.9.2"
)

// jars are what a release's class path has, of all that a broker needs.
var jars = []string{"kafka-clients", "jackson-core", "jackson-databind", "jackson-annotations", "slf4j-api", "lz4-java", "snappy-java", "zstd-jni"}

// A jvm is a running java that answers questions.
type jvm struct {
	in      io.WriteCloser
	stderr  *bytes.Buffer // to be read after done
	done    chan struct{} // closed when java has ended
	dir     string        // of the compiled classes
	mu      sync.Mutex    // held while a question is written
	pending chan chan string
}

// shared is the one that all tests use, from the first startJVM on.
var shared struct {
	once sync.Once
	java *jvm
	err  error
}

// startJVM returns the JVM that all tests share.
func startJVM(t *testing.T) *jvm {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the comparison with Kafka's Java classes is left out")
	}
	shared.once.Do(func() { shared.java, shared.err = newJVM() })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.java
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.java != nil {
		shared.java.stop()
	}
	os.Exit(code)
}

// newJVM gets the jars, compiles our classes and starts java.
func newJVM() (*jvm, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // for the download
	defer cancel()
	javac, java, err := lookJDK()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "javacheck-")
	if err != nil {
		return nil, err
	}
	j := &jvm{stderr: new(bytes.Buffer), done: make(chan struct{}), dir: dir, pending: make(chan chan string, 1<<10)}
	if err := j.start(ctx, javac, java); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return j, nil
}

// lookJDK finds the compiler and the java beside it.
func lookJDK() (javac, java string, err error) {
	javac, errC := exec.LookPath("javac")
	java, errJ := exec.LookPath("java")
	if err := cmp.Or(errC, errJ); err != nil {
		return "", "", fmt.Errorf("comparing with Kafka's Java classes needs a JDK (%w); install a JDK 17 and Maven: "+
			"apt-get install openjdk-17-jdk-headless maven, or leave it out with -short", err)
	}
	return javac, java, nil
}

func (j *jvm) start(ctx context.Context, javac, java string) error {
	args := []string{"-Xmx1g", "-XX:+UseSerialGC", "-cp", j.dir, "Main"}
	for _, release := range []string{newest, oldest} {
		path, err := classPath(ctx, release)
		if err != nil {
			return err
		}
		if release == newest {
			if err := compile(ctx, javac, path, j.dir); err != nil {
				return err
			}
		}
		args = append(args, release+"="+path+string(os.PathListSeparator)+j.dir)
	}
	cmd := exec.Command(java, args...)
	cmd.Stderr = j.stderr
	var err error
	if j.in, err = cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting java: %w", err)
	}
	go j.deliver(out, cmd)
	return nil
}

// classPath is the jars of a release.
func classPath(ctx context.Context, release string) (string, error) {
	lib, err := realkafka.Fetch(ctx, release)
	if err != nil {
		return "", err
	}
	var path []string
	for _, jar := range jars {
		found, _ := filepath.Glob(filepath.Join(lib, jar+"-[0-9]*.jar"))
		if len(found) != 1 {
			return "", fmt.Errorf("want one jar of %s in %s, found %d; remove the directory, and it is downloaded again", jar, lib, len(found))
		}
		path = append(path, found[0])
	}
	return strings.Join(path, string(os.PathListSeparator)), nil
}

// compile compiles the sources in java into dir.
func compile(ctx context.Context, javac, path, dir string) error {
	sources, err := filepath.Glob("java/*.java")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, javac, append([]string{"-encoding", "UTF-8", "-cp", path, "-d", dir}, sources...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling the Java sources: %w\n%s", err, out)
	}
	return nil
}

// deliver gives each answer to whoever waits for it longest.
func (j *jvm) deliver(out io.Reader, cmd *exec.Cmd) {
	r := bufio.NewReaderSize(out, 1<<16)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			break
		}
		(<-j.pending) <- strings.TrimSuffix(line, "\n")
	}
	cmd.Wait() // its error shows in what was not answered
	close(j.done)
}

// stop ends java and removes the classes.
func (j *jvm) stop() {
	j.in.Close()
	<-j.done
	os.RemoveAll(j.dir)
}

// ask calls a method of one of our Java classes; see above.
func (j *jvm) ask(t testing.TB, release, method string, args ...string) (text, thrown string) {
	t.Helper()
	answer, err := j.send(strings.Join(append([]string{release, method}, args...), "\t"))
	if err != nil {
		t.Fatalf("asking Java %s %s %.200q: %v", release, method, args, err)
	}
	kind, text, _ := strings.Cut(answer, "\t")
	switch kind {
	case "ok":
		return text, ""
	case "threw":
		return "", text
	}
	t.Fatalf("asking Java %s %s %.200q: %s", release, method, args, answer)
	return "", ""
}

// send writes a question and waits for its answer.
func (j *jvm) send(question string) (answer string, err error) {
	if strings.ContainsAny(question, "\r\n") {
		return "", errors.New("a question is one line")
	}
	mine := make(chan string, 1)
	j.mu.Lock()
	j.pending <- mine
	_, err = io.WriteString(j.in, question+"\n")
	j.mu.Unlock()
	if err != nil {
		<-j.done
		return "", fmt.Errorf("%w; java said:\n%s", err, j.stderr)
	}
	select {
	case answer = <-mine:
		return answer, nil
	case <-j.done:
		return "", fmt.Errorf("java ended; it said:\n%s", j.stderr)
	}
}
