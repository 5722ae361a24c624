import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.reflect.InvocationTargetException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/**
 * What is asked of messages. The arguments begin with the name of the message's class and the version; bytes are hexadecimal.
 */
public final class Messages {
    private static final HexFormat HEX = HexFormat.of();
    private static final ObjectMapper JSON = new ObjectMapper();

    private Messages() { }

    /** Reads bytes and writes what they say: the bytes, and how many were left unread. */
    public static String roundTrip(String[] args) throws Exception {
        ByteBuffer in = ByteBuffer.wrap(HEX.parseHex(args[2]));
        Message message = read(args[0], version(args[1]), in);
        return write(message, version(args[1])) + "\t" + in.remaining();
    }

    /** Reads bytes of one version and writes them in another, the third argument. */
    public static String convert(String[] args) throws Exception {
        return write(read(args[0], version(args[1]), ByteBuffer.wrap(HEX.parseHex(args[3]))), version(args[2]));
    }

    /** Writes a new object. */
    public static String defaults(String[] args) throws Exception {
        return write(create(args[0]), version(args[1]));
    }

    /** Reads bytes and writes JSON. */
    public static String toJson(String[] args) throws Exception {
        Message message = read(args[0], version(args[1]), ByteBuffer.wrap(HEX.parseHex(args[2])));
        return converter(args[0], "write", message.getClass(), short.class).call(message, version(args[1])).toString();
    }

    /** Reads JSON and writes bytes. */
    public static String fromJson(String[] args) throws Exception {
        JsonNode node = JSON.readTree(args[2]);
        return write((Message) converter(args[0], "read", JsonNode.class, short.class).call(node, version(args[1])), version(args[1]));
    }

    /** Reads bytes, and returns what it writes of them, or "unwritable" when only that fails. */
    public static String examine(String[] args) throws Exception {
        Message message = read(args[0], version(args[1]), ByteBuffer.wrap(HEX.parseHex(args[2])));
        try {
            return write(message, version(args[1]));
        } catch (RuntimeException e) {
            return "unwritable";
        }
    }

    private static short version(String arg) {
        return Short.parseShort(arg);
    }

    static Message create(String name) throws Exception {
        return (Message) Class.forName("org.apache.kafka.common.message." + name).getConstructor().newInstance();
    }

    private static Message read(String name, short version, ByteBuffer in) throws Exception {
        Message message = create(name);
        message.read(new ByteBufferAccessor(in), version);
        return message;
    }

    private static String write(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer out = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(out), cache, version);
        if (out.hasRemaining()) {
            throw new IllegalStateException("the message is smaller than its size");
        }
        return HEX.formatHex(out.array());
    }

    private interface Call {
        Object call(Object... args) throws Exception;
    }

    /** A method of the message's JSON converter, which throws what that throws. */
    private static Call converter(String name, String method, Class<?>... types) throws Exception {
        var found = Class.forName("org.apache.kafka.common.message." + name + "JsonConverter").getMethod(method, types);
        return args -> {
            try {
                return found.invoke(null, args);
            } catch (InvocationTargetException e) {
                throw (Exception) e.getCause();
            }
        };
    }
}
