import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.OptionalLong;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.xerial.snappy.SnappyError;

/**
 * What is asked of record batches. The classes of batches are in another package in each release, so they are called by reflection.
 * Bytes are hexadecimal; - is null.
 */
public final class Records {
    private static final HexFormat HEX = HexFormat.of();
    private static final int ROOM = 1 << 20; // a buffer grows beyond it

    private Records() { }

    /**
     * Writes one batch or set. The arguments: magic, codec, its level or -, type of the timestamps, base offset, log append time,
     * producer id, epoch, sequence, transactional, control, leader epoch, delete horizon, last offset or -, and the records, each
     * "offset,timestamp,key,value,header=value…", or "marker,timestamp,commit or abort,coordinator epoch", with ; between them.
     */
    public static String write(String[] args) throws Exception {
        Arguments in = new Arguments(args);
        byte magic = (byte) in.number();
        Compression compression = compression(in.text(), in.text());
        TimestampType type = TimestampType.forName(in.text());
        long base = in.number();
        Object out = construct(first("utils.ByteBufferOutputStream", "utils.internals.ByteBufferOutputStream"), ROOM);
        Object builder = construct(records("MemoryRecordsBuilder"), out, magic, compression, type, base, in.number(), in.number(),
            (short) in.number(), (int) in.number(), in.flag(), in.flag(), (int) in.number(), Integer.MAX_VALUE, in.number());
        String last = in.text();
        for (String record : in.text().split(";")) {
            append(builder, record.split(",", -1));
        }
        if (!last.equals("-")) {
            call(builder, "overrideLastOffset", Long.parseLong(last));
        }
        return HEX.formatHex(bytes((ByteBuffer) call(call(builder, "build"), "buffer")));
    }

    private static void append(Object builder, String[] f) throws Exception {
        if (f[0].equals("marker")) {
            Object type = callStatic(records("ControlRecordType"), "valueOf", f[2].toUpperCase());
            Object marker = construct(records("EndTransactionMarker"), type, Integer.parseInt(f[3]));
            call(builder, "appendEndTxnMarker", Long.parseLong(f[1]), marker);
            return;
        }
        Header[] headers = new Header[f.length - 4];
        for (int i = 0; i < headers.length; i++) {
            String[] h = f[4 + i].split("=", 2);
            headers[i] = new RecordHeader(new String(HEX.parseHex(h[0]), "UTF-8"), parse(h[1]));
        }
        call(builder, "appendWithOffset", Long.parseLong(f[0]), Long.parseLong(f[1]), parse(f[2]), parse(f[3]), headers);
    }

    /**
     * Writes the batch that compaction leaves when no record remains. The arguments: producer id, epoch, sequence, base and last offset,
     * leader epoch, timestamp, transactional, control.
     */
    public static String empty(String[] args) throws Exception {
        Arguments in = new Arguments(args);
        ByteBuffer out = ByteBuffer.allocate(100);
        callStatic(records("DefaultRecordBatch"), "writeEmptyHeader", out, (byte) 2, in.number(), (short) in.number(), (int) in.number(),
            in.number(), in.number(), (int) in.number(), TimestampType.CREATE_TIME, in.number(), in.flag(), in.flag());
        out.flip();
        return HEX.formatHex(bytes(out));
    }

    /** Reads batches, checks every CRC, and says what is in them. */
    public static String read(String[] args) throws Exception {
        try {
            return readAll(args[0]);
        } catch (SnappyError e) {
            throw new IOException(e); // an Error for damaged bytes
        }
    }

    private static String readAll(String hex) throws Exception {
        Object read = callStatic(records("MemoryRecords"), "readableRecords", ByteBuffer.wrap(HEX.parseHex(hex)));
        StringBuilder out = new StringBuilder();
        for (Object batch : (Iterable<?>) call(read, "batches")) {
            call(batch, "ensureValid");
            head(out, batch);
            for (Object record : (Iterable<?>) batch) {
                call(record, "ensureValid");
                record(out, record, (Boolean) call(batch, "isControlBatch"));
            }
        }
        return out.toString();
    }

    private static void head(StringBuilder out, Object batch) throws Exception {
        byte magic = (Byte) call(batch, "magic");
        Object codec = call(batch, "compressionType");
        boolean compressed = (Boolean) call(batch, "isCompressed");
        out.append('[').append(magic).append(' ').append(codec.toString().toLowerCase());
        out.append(' ').append(call(batch, "timestampType"));
        if (magic == 2 || compressed) {
            out.append(" last=").append(call(batch, "lastOffset")).append(" max=").append(call(batch, "maxTimestamp"));
        }
        if (magic == 2) {
            OptionalLong horizon = (OptionalLong) call(batch, "deleteHorizonMs");
            out.append(" base=").append(call(batch, "baseOffset")).append(" leader=").append(call(batch, "partitionLeaderEpoch"));
            out.append(" pid=").append(call(batch, "producerId")).append(" epoch=").append(call(batch, "producerEpoch"));
            out.append(" seq=").append(call(batch, "baseSequence")).append(" txn=").append(call(batch, "isTransactional"));
            out.append(" control=").append(call(batch, "isControlBatch")).append(" n=").append(call(batch, "countOrNull"));
            out.append(" horizon=").append(horizon.isPresent() ? horizon.getAsLong() : -1);
        }
        out.append(']');
    }

    private static void record(StringBuilder out, Object record, boolean control) throws Exception {
        out.append(' ').append(call(record, "offset")).append(',').append(call(record, "timestamp"));
        out.append(',').append(hex((ByteBuffer) call(record, "key"))).append(',').append(hex((ByteBuffer) call(record, "value")));
        for (Header h : (Header[]) call(record, "headers")) {
            out.append(',').append(HEX.formatHex(h.key().getBytes("UTF-8"))).append('=').append(h.value() == null ? "-" : HEX.formatHex(h.value()));
        }
        if (control) {
            Object type = callStatic(records("ControlRecordType"), "parse", call(record, "key"));
            out.append(" (").append(type.toString().toLowerCase());
            if (type.toString().equals("COMMIT") || type.toString().equals("ABORT")) {
                Object marker = callStatic(records("EndTransactionMarker"), "deserialize", record);
                out.append(' ').append(call(marker, "coordinatorEpoch"));
            }
            out.append(')');
        }
    }

    private static Compression compression(String codec, String level) throws Exception {
        Object builder = Compression.of(codec);
        if (!level.equals("-")) {
            builder = call(builder, "level", Integer.parseInt(level));
        }
        return (Compression) call(builder, "build");
    }

    private static byte[] parse(String hex) {
        return hex.equals("-") ? null : HEX.parseHex(hex);
    }

    private static String hex(ByteBuffer b) {
        return b == null ? "-" : HEX.formatHex(bytes(b));
    }

    private static byte[] bytes(ByteBuffer b) {
        byte[] out = new byte[b.remaining()];
        b.duplicate().get(out);
        return out;
    }

    private static Class<?> records(String name) throws ClassNotFoundException {
        return first("record." + name, "record.internal." + name);
    }

    private static Class<?> first(String... names) throws ClassNotFoundException {
        for (String name : names) {
            try {
                return Class.forName("org.apache.kafka.common." + name);
            } catch (ClassNotFoundException e) {
                // the next
            }
        }
        throw new ClassNotFoundException(Arrays.toString(names));
    }

    private static Object construct(Class<?> type, Object... args) throws Exception {
        for (Constructor<?> c : type.getConstructors()) {
            if (fits(c.getParameterTypes(), args)) {
                try {
                    return c.newInstance(args);
                } catch (InvocationTargetException e) {
                    throw thrown(e);
                }
            }
        }
        throw new NoSuchMethodException(type + " of " + Arrays.toString(args));
    }

    /** Calls a public method; not every class that has one is public. */
    private static Object call(Object on, String name, Object... args) throws Exception {
        return invoke(on.getClass(), on, name, args);
    }

    private static Object callStatic(Class<?> type, String name, Object... args) throws Exception {
        return invoke(type, null, name, args);
    }

    private static Object invoke(Class<?> type, Object on, String name, Object... args) throws Exception {
        for (Method m : type.getMethods()) {
            if (m.getName().equals(name) && fits(m.getParameterTypes(), args)) {
                m.setAccessible(true);
                try {
                    return m.invoke(on, args);
                } catch (InvocationTargetException e) {
                    throw thrown(e);
                }
            }
        }
        throw new NoSuchMethodException(type + "." + name + Arrays.toString(args));
    }

    private static boolean fits(Class<?>[] types, Object[] args) {
        if (types.length != args.length) {
            return false;
        }
        for (int i = 0; i < args.length; i++) {
            boolean fits = types[i].isPrimitive() ? primitive(args[i]) == types[i] : args[i] == null || types[i].isInstance(args[i]);
            if (!fits || args[i] == null && types[i] != byte[].class) {
                return false;
            }
        }
        return true;
    }

    private static Class<?> primitive(Object o) throws IllegalArgumentException {
        return o instanceof Long ? long.class : o instanceof Integer ? int.class : o instanceof Short ? short.class
            : o instanceof Byte ? byte.class : o instanceof Boolean ? boolean.class : null;
    }

    private static Exception thrown(InvocationTargetException e) {
        if (e.getCause() instanceof Error) {
            throw (Error) e.getCause();
        }
        return (Exception) e.getCause();
    }

    /** The arguments, one after another. */
    private static final class Arguments {
        private final Iterator<String> rest;

        Arguments(String[] args) {
            rest = Arrays.asList(args).iterator();
        }

        String text() {
            return rest.next();
        }

        long number() {
            return Long.parseLong(rest.next());
        }

        boolean flag() {
            return Boolean.parseBoolean(rest.next());
        }
    }
}
