package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// javaReleases are those that run every broker from 0.8.0 on, the preferred
// one first.
var javaReleases = []int{17, 21}

// installJava sees to it that java (17 or 21) and mvn can be called: it finds
// them, or installs them through apt, or says what to install.
func installJava(ctx context.Context) error {
	if useJava() && haveMaven() {
		return nil
	}
	if err := aptInstall(ctx); err != nil {
		return fmt.Errorf("the real brokers and the comparison with Java need a headless JDK 17 or 21 and Maven, which could not be installed here (%w); "+
			"install them (on Debian and Ubuntu: apt-get install openjdk-17-jdk-headless maven), or leave out what needs them with -short", err)
	}
	if !useJava() || !haveMaven() {
		return fmt.Errorf("a JDK 17 or 21 and mvn were installed, but can't be called; is there an older java first in PATH or in JAVA_HOME?")
	}
	return nil
}

func haveMaven() bool {
	_, err := exec.LookPath("mvn")
	return err == nil
}

// useJava puts a JDK of the right release first in PATH, for everything that is
// started from here. A JRE does not do: the comparison with Java compiles.
func useJava() bool {
	candidates := []string{""}
	if home := os.Getenv("JAVA_HOME"); home != "" {
		candidates = []string{filepath.Join(home, "bin"), ""}
	}
	for _, release := range javaReleases {
		found, _ := filepath.Glob(fmt.Sprintf("/usr/lib/jvm/*%d*/bin", release))
		candidates = append(candidates, found...)
	}
	for _, dir := range candidates {
		java := "java" // as PATH has it
		if dir != "" {
			java = filepath.Join(dir, "java")
		}
		if release := javaRelease(java); release != javaReleases[0] && release != javaReleases[1] {
			continue
		}
		if javaRelease(java+"c") == 0 {
			continue
		}
		if dir != "" {
			os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
			os.Setenv("JAVA_HOME", filepath.Dir(dir))
		}
		return true
	}
	return false
}

// javaVersion is in what java and javac say.
var javaVersion = regexp.MustCompile(`(?:version "|javac )(\d+)`)

// javaRelease is 17 for the java or javac of a Java 17, and 0 when there is none.
func javaRelease(java string) int {
	out, err := exec.Command(java, "-version").CombinedOutput()
	if err != nil {
		return 0
	}
	match := javaVersion.FindSubmatch(out)
	if match == nil {
		return 0
	}
	release, _ := strconv.Atoi(string(match[1]))
	return release
}

// aptInstall installs the first of the releases that the distribution has.
func aptInstall(ctx context.Context) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("no apt-get")
	}
	var asRoot []string
	if os.Geteuid() != 0 {
		if err := exec.CommandContext(ctx, "sudo", "-n", "true").Run(); err != nil {
			return fmt.Errorf("neither root nor sudo without a password")
		}
		asRoot = []string{"sudo", "-n"}
	}
	apt := func(args ...string) error {
		full := append(append(asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"), args...)
		cmd := exec.CommandContext(ctx, full[0], full[1:]...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			return fmt.Errorf("apt-get %s: %w: %s", args[0], err, lines[len(lines)-1])
		}
		return nil
	}
	fmt.Println("--- installing a headless Java and Maven with apt-get")
	if err := apt("update"); err != nil {
		return err
	}
	var err error
	for _, release := range javaReleases {
		if err = apt("install", "-y", "--no-install-recommends", fmt.Sprintf("openjdk-%d-jdk-headless", release), "maven"); err == nil {
			return nil
		}
	}
	return err
}
