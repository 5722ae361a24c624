import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.kafka.common.errors.InvalidMetadataException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.Message;

/** What is asked of the protocol as a whole. Lists are separated by tabs, their elements' parts by commas. */
public final class Apis {
    private Apis() { }

    /** The APIs: key, name, first version, last stable version, last version, listeners separated by spaces. */
    public static String list(String[] args) {
        List<String> apis = new ArrayList<>();
        for (ApiMessageType api : ApiMessageType.values()) {
            List<String> listeners = new ArrayList<>();
            api.listeners().forEach(listener -> listeners.add(listener.toString()));
            apis.add(api.apiKey() + "," + api.name + "," + api.lowestSupportedVersion() + "," + api.highestSupportedVersion(false)
                + "," + api.highestSupportedVersion(true) + "," + String.join(" ", listeners));
        }
        return String.join("\t", apis);
    }

    /** All messages that the jar has a definition and a class of: name, class, first version, last version. */
    public static String messages(String[] args) throws Exception {
        final String definitions = "common/message/";
        final String classes = "org/apache/kafka/common/message/";
        List<String> messages = new ArrayList<>();
        File file = new File(Message.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (JarFile jar = new JarFile(file)) {
            for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
                String path = entry.getName();
                if (!path.startsWith(definitions) || !path.endsWith(".json")) {
                    continue;
                }
                String name = path.substring(definitions.length(), path.length() - ".json".length());
                String type = jar.getEntry(classes + name + "Data.class") != null ? name + "Data" : name;
                if (jar.getEntry(classes + type + ".class") != null) { // it is not in any version otherwise
                    Message message = Messages.create(type);
                    messages.add(name + "," + type + "," + message.lowestSupportedVersion() + "," + message.highestSupportedVersion());
                }
            }
        }
        return String.join("\t", messages);
    }

    /** The versions of the request's and the response's header, for a key and a version. */
    public static String headers(String[] args) {
        ApiMessageType api = ApiMessageType.fromApiKey(Short.parseShort(args[0]));
        short version = Short.parseShort(args[1]);
        return api.requestHeaderVersion(version) + "\t" + api.responseHeaderVersion(version);
    }

    /** The error codes: code, name, whether the request may succeed later, whether metadata is stale. */
    public static String errors(String[] args) {
        List<String> codes = new ArrayList<>();
        for (Errors error : Errors.values()) {
            codes.add(error.code() + "," + error.name() + "," + (error.exception() instanceof RetriableException)
                + "," + (error.exception() instanceof InvalidMetadataException));
        }
        return String.join("\t", codes);
    }
}
