import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Calls the other classes here, for each release of Kafka in its own class loader:
 * each argument is a class path that begins with the release's name and "=".
 * runner_test.go says what the lines are.
 */
public final class Main {
    private final Map<String, ClassLoader> releases = new HashMap<>();
    private final Map<String, Method> methods = new HashMap<>();

    public static void main(String[] args) throws IOException {
        Main main = new Main();
        for (String arg : args) {
            String[] parts = arg.split("=", 2);
            main.releases.put(parts[0], loader(parts[1]));
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 16);
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        System.setOut(System.err); // nothing else may write between the answers
        for (String line; (line = in.readLine()) != null;) {
            out.print(main.answer(line.split("\t", -1)) + "\n");
            if (!in.ready()) {
                out.flush();
            }
        }
        out.flush();
    }

    private static ClassLoader loader(String path) throws IOException {
        String[] files = path.split(File.pathSeparator);
        URL[] urls = new URL[files.length];
        for (int i = 0; i < files.length; i++) {
            urls[i] = new File(files[i]).toURI().toURL();
        }
        return new URLClassLoader(urls, ClassLoader.getPlatformClassLoader());
    }

    /** Calls the method, and keeps apart what it returned, what Kafka threw, and what is wrong with the question. */
    private String answer(String[] line) {
        try {
            String[] args = Arrays.copyOfRange(line, 2, line.length);
            return "ok\t" + oneLine((String) method(line[0], line[1]).invoke(null, (Object) args));
        } catch (InvocationTargetException e) {
            Throwable cause = e.getCause();
            boolean broken = cause instanceof ReflectiveOperationException || cause instanceof Error;
            return (broken ? "broken\t" : "threw\t") + cause.toString().replace('\n', ' ');
        } catch (ReflectiveOperationException | RuntimeException e) {
            return "broken\t" + e.toString().replace('\n', ' ');
        }
    }

    private static String oneLine(String answer) {
        if (answer.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("an answer of several lines");
        }
        return answer;
    }

    private Method method(String release, String op) throws ReflectiveOperationException {
        Method found = methods.get(release + "\t" + op);
        if (found == null) {
            String[] names = op.split("\\.", 2);
            found = Class.forName(names[0], true, releases.get(release)).getMethod(names[1], String[].class);
            methods.put(release + "\t" + op, found);
        }
        return found;
    }
}
